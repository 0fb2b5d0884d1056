"""The compilers and interpreters of this host: detection, compilation and precompiled files."""
