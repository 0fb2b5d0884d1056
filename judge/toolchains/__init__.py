"""The compilers and interpreters of this host: detection, compiling, precompiled files."""
