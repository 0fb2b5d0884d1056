from pathlib import Path

from tasks.sandbox.rootfs import (
    house_arguments,
    run_arguments,
    static_arguments,
    writable_places,
)


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


def house(host: Path) -> tuple[str, ...]:
    names = {name: host / name for name in ("shared", "spawner", "runner")}
    return house_arguments(**names, host=host)


def test_of_a_host_only_the_system_s_directories_are_bound(tmp_path):
    bound = pairs(house(make_host(tmp_path)), "--ro-bind")
    assert sorted(place for place in bound if place.startswith("/sandbox/")) == [
        "/sandbox/etc/alternatives",
        "/sandbox/etc/java-17-openjdk",
        "/sandbox/etc/ld.so.cache",
        "/sandbox/lib",
        "/sandbox/run/runner",
        "/sandbox/usr",
    ]


def test_of_the_house_nothing_but_the_host_s_processes_is_writable(tmp_path):
    words = house(make_host(tmp_path))
    assert pairs(words, "--bind") == {"/proc": "/proc"}
    assert set(pairs(words, "--dev-bind").values()) == {
        "/dev/null",
        "/dev/zero",
        "/dev/full",
        "/dev/random",
        "/dev/urandom",
    }
    assert words[-2:] == ("--remount-ro", "/")


def test_links_of_a_merged_usr_stay_links(tmp_path):
    links = pairs(house(make_host(tmp_path)), "--symlink")
    assert links["/bin"] == links["/sandbox/bin"] == "usr/bin"


def test_everything_is_unshared_and_nothing_of_the_house_is_bound_writable():
    words = static_arguments()
    for kind in ("user", "ipc", "pid", "net", "uts", "cgroup-try"):
        assert f"--unshare-{kind}" in words
    for word in ("--die-with-parent", "--new-session", "--as-pid-1"):
        assert word in words
    assert not {"--bind", "--share-net", "--setenv", "--cap-add"} & set(words)
    assert pairs(words, "--ro-bind") == {"/": "/sandbox"}
    assert pairs(words, "--dev-bind") == {"/dev": "/devices"}


def run(directory: Path | None, *, has_feedback: bool = False) -> list[str]:
    return list(
        run_arguments(
            directory=directory,
            file_descriptors={"main.c": 6},
            mounts={"/opt/made": Path("/mnt/made")},
            tmp_kb=1024,
            has_feedback=has_feedback,
        )
    )


def test_every_tmpfs_has_a_size():
    for words in (run(None), run(Path("/shared/box"), has_feedback=True)):
        places = [at for at, word in enumerate(words) if word == "--tmpfs"]
        assert places
        for at in places:
            most = 64 * 1024 if words[at + 1] == "/opt" else 1024 * 1024
            assert words[at - 2 : at] == ["--size", str(most)]


def test_the_root_is_locked_last():
    words = run(None)
    assert words[-6:] == ["--remount-ro", "/dev", "--remount-ro", "/", "--chdir", "/box"]


def test_a_program_s_directory_is_bound_read_only_and_no_file_is_copied():
    words = run(Path("/shared/box"))
    assert pairs(words, "--ro-bind")["/box"] == "/shared/box"
    assert "--file" not in words


def test_what_else_is_mounted_is_bound_read_only():
    words = run(None)
    assert pairs(words, "--ro-bind")["/opt/made"] == "/mnt/made"
    assert words[words.index("/mnt/made") + 2 :][:2] == ["--remount-ro", "/opt"]


def test_what_can_be_written_counts_as_memory():
    assert writable_places(None) == ("/tmp", "/dev/shm", "/box")
    assert writable_places(Path("/x")) == ("/tmp", "/dev/shm")
    assert writable_places(Path("/x"), has_feedback=True) == ("/tmp", "/dev/shm", "/feedback")
