from pathlib import Path

from judge.sandbox.rootfs import base_rootfs_arguments, run_rootfs_options


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


def base_rootfs(host: Path) -> tuple[str, ...]:
    return base_rootfs_arguments(
        shared=host / "shared", runner=host / "runner", without_groups=False, host=host
    )


def test_of_a_host_only_the_system_s_directories_are_bound(tmp_path):
    bound = pairs(base_rootfs(make_host(tmp_path)), "--ro-bind")
    assert sorted(place for place in bound if place.startswith("/sandbox/")) == [
        "/sandbox/etc/alternatives",
        "/sandbox/etc/java-17-openjdk",
        "/sandbox/etc/ld.so.cache",
        "/sandbox/lib",
        "/sandbox/usr",
    ]


def test_only_the_processes_of_the_host_are_writable_in_the_base_rootfs(tmp_path):
    words = base_rootfs(make_host(tmp_path))
    assert pairs(words, "--bind") == {"/proc": "/proc"}
    assert set(pairs(words, "--dev-bind").values()) == {
        "/dev/null",
        "/dev/zero",
        "/dev/full",
        "/dev/random",
        "/dev/urandom",
    }
    assert "--tmpfs" not in words
    assert words[-2:] == ("--remount-ro", "/")


def test_links_of_a_merged_usr_stay_links(tmp_path):
    assert pairs(base_rootfs(make_host(tmp_path)), "--symlink")["/sandbox/bin"] == "usr/bin"


def run_rootfs(directory: Path | None, *, has_feedback: bool = False) -> list[str]:
    return run_rootfs_options(
        directory=directory,
        file_descriptors={"main.c": 6},
        mounts={"/opt/made": Path("/shared/made")},
        tmp_kb=1024,
        has_feedback=has_feedback,
    )


def test_every_writable_directory_has_a_size_and_box_is_read_only():
    words = run_rootfs(Path("/shared/program"), has_feedback=True)
    assert [word for word in words if word.startswith("tmpfs=")] == [
        "tmpfs=/tmp=1024",
        "tmpfs=/dev/shm=1024",
        "tmpfs=/feedback=1024",
        "tmpfs=/opt=64",
    ]
    assert "bind=/box=/shared/program" in words


def test_a_compiler_has_a_writable_box_with_the_source():
    words = run_rootfs(None)
    assert "tmpfs=/box=1024" in words
    assert not [word for word in words if word.startswith(("bind=/box", "tmpfs=/feedback"))]
    assert words[-1] == "file=main.c=6"


def test_other_mounts_are_bound_at_their_paths():
    assert "bind=/opt/made=/shared/made" in run_rootfs(None)
