from pathlib import Path

from tasks.sandbox.rootfs import run_arguments, static_arguments, writable_places


def pairs(arguments, option) -> dict[str, str]:
    words = list(arguments)
    return {words[at + 2]: words[at + 1] for at, word in enumerate(words) if word == option}


def make_host(root: Path) -> Path:
    for name in ("usr/bin", "etc/alternatives", "etc/java-17-openjdk", "etc/ssl", "lib", "root"):
        (root / name).mkdir(parents=True)
    (root / "etc/shadow").touch()
    (root / "etc/ld.so.cache").touch()
    (root / "bin").symlink_to("usr/bin")
    return root


def test_of_a_host_only_the_system_s_directories_are_bound(tmp_path):
    bound = pairs(static_arguments(make_host(tmp_path)), "--ro-bind")
    assert sorted(bound) == [
        "/etc/alternatives",
        "/etc/java-17-openjdk",
        "/etc/ld.so.cache",
        "/lib",
        "/usr",
    ]


def test_links_of_a_merged_usr_stay_links(tmp_path):
    assert pairs(static_arguments(make_host(tmp_path)), "--symlink") == {"/bin": "usr/bin"}


def test_everything_is_unshared_and_nothing_is_bound_writable():
    words = static_arguments()
    for kind in ("user", "ipc", "pid", "net", "uts", "cgroup-try"):
        assert f"--unshare-{kind}" in words
    for word in ("--die-with-parent", "--new-session", "--as-pid-1"):
        assert word in words
    assert not {"--bind", "--dev-bind", "--share-net", "--setenv", "--cap-add"} & set(words)


def run(directory: Path | None) -> list[str]:
    return list(
        run_arguments(
            runner=Path("/mnt/runner"),
            runner_inside="/run/runner",
            directory=directory,
            file_descriptors={"main.c": 6},
            mounts={"/opt/made": Path("/mnt/made")},
            tmp_kb=1024,
        )
    )


def test_every_tmpfs_has_a_size():
    for words in (run(None), run(Path("/mnt/box"))):
        places = [at for at, word in enumerate(words) if word == "--tmpfs"]
        assert places
        assert all(words[at - 2 : at] == ["--size", str(1024 * 1024)] for at in places)


def test_the_root_is_locked_last():
    words = run(None)
    assert words[-6:] == ["--remount-ro", "/dev", "--remount-ro", "/", "--chdir", "/box"]


def test_a_program_s_directory_is_bound_read_only_and_no_file_is_copied():
    words = run(Path("/mnt/box"))
    assert pairs(words, "--ro-bind")["/box"] == "/mnt/box"
    assert "--file" not in words


def test_what_else_is_mounted_is_bound_read_only():
    assert pairs(run(None), "--ro-bind")["/opt/made"] == "/mnt/made"


def test_what_can_be_written_counts_as_memory():
    assert writable_places(None) == ("/tmp", "/dev/shm", "/box")
    assert writable_places(Path("/x")) == ("/tmp", "/dev/shm")
