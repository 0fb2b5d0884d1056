"""The C sources of the sandbox (spawner, run rootfs and runner), and their build."""
