"""Gets Python and its packages for arm64, to run under qemu-aarch64: `make .venv-arm64/made`. Needs Debian, not root.

Debian's packages are unpacked into a folder. Of Python's packages, those with compiled code come as wheels for arm64,
at the versions of constraints.txt; all others are those of `.venv`. torch's wheel for arm64 needs CUDA's libraries,
2 GB, although nothing here uses a GPU: one small library with the names of all their functions takes their places. That
library and the engine's kernel are compiled by zig, which pip downloads for as long as it takes.
"""

import os
import re
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path
from tempfile import TemporaryDirectory

from lockstep.kernel import build, library

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / ".venv-arm64"
SYSTEM, PACKAGES = FOLDER / "system", FOLDER / "packages"
LIBRARIES = SYSTEM / "usr/lib/aarch64-linux-gnu"
DEBIAN = ("python3-minimal", "libpython3-stdlib", "libgomp1", "libstdc++6", "zlib1g")
COMPILED = (
    *(
        "ml_dtypes",
        "numpy",
        "onnx",
        "onnxruntime",
        "pandas",
        "psutil",
        "pydantic_core",
        "safetensors",
    ),
    *("scikit-learn", "scipy", "torch"),
)
# The newest systems that a wheel may be made for.
PLATFORMS = [f"--platform=manylinux_2_{minor}_aarch64" for minor in range(28, 16, -1)]
VARIABLES = {
    "PYTHONPATH": os.pathsep.join([str(PACKAGES), sysconfig.get_path("purelib")]),
    "PYTHONPYCACHEPREFIX": str(FOLDER / "cache"),  # apart from the .pyc files of .venv
}
TARGET = build.TARGETS["linux-arm64"]
# Where the engine finds its kernel if Python's prefix is `usr` of the unpacked system.
KERNEL = SYSTEM / "usr" / library.built_folder().relative_to(sys.prefix)
# What every function of CUDA returns: its error "no device".
STUB = "mov w0, #100\nret\n"


def python() -> list[str]:
    """Return the command that runs Python on an emulated arm64."""
    return ["qemu-aarch64", "-L", str(SYSTEM), str(SYSTEM / "usr/bin/python3")]


def unpack_debian() -> None:
    """Download Debian's packages for arm64, by an apt that knows nothing of this machine's, and unpack them."""
    with TemporaryDirectory() as name:
        state = Path(name)
        for folder in ("lists/partial", "archives/partial"):
            (state / folder).mkdir(parents=True)
        (state / "status").touch()
        settings = {
            "Dir::State": f"{state}",
            "Dir::State::status": f"{state}/status",
            "Dir::State::Lists": f"{state}/lists",
            "Dir::Cache": f"{state}",
            "Dir::Cache::archives": f"{state}/archives",
            "APT::Architecture": "arm64",
            "APT::Architectures": "arm64",
            "APT::Sandbox::User": "root",
        }
        lines = [f'{key} "{value}";' for key, value in settings.items()]
        (state / "apt.conf").write_text("\n".join(lines), encoding="utf-8")
        environment = os.environ | {"APT_CONFIG": str(state / "apt.conf")}
        install = [
            "install",
            "--yes",
            "--download-only",
            "--no-install-recommends",
            *DEBIAN,
        ]
        for arguments in (["update"], install):
            subprocess.run(
                ["apt-get", "--quiet=2", *arguments], env=environment, check=True
            )
        (SYSTEM / "usr/lib").mkdir(parents=True)
        (SYSTEM / "lib").symlink_to("usr/lib")
        for package in sorted((state / "archives").glob("*.deb")):
            subprocess.run(["dpkg-deb", "--extract", package, SYSTEM], check=True)


def install_packages() -> None:
    """Install the packages with compiled code, without what they need in turn."""
    pins = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    wanted = [pin for pin in pins if pin.split("==")[0] in COMPILED]
    version = (SYSTEM / "usr/bin/python3").readlink().name.removeprefix("python")
    pip = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-deps",
        "--target",
        str(PACKAGES),
    ]
    of_arm64 = [
        "--only-binary=:all:",
        *PLATFORMS,
        f"--python-version={version}",
        "--implementation=cp",
    ]
    subprocess.run([*pip, *of_arm64, *wanted], check=True)


def names_in(library: Path, kind: str) -> set[str]:
    """Return the dynamic symbols of a library of a kind, such as `U` for those that it needs, without versions."""
    listed = subprocess.run(
        ["nm", "--dynamic", library], check=True, capture_output=True, text=True
    ).stdout
    return {
        match[2]
        for match in re.finditer(r" (\w) ([^@\s]+)", listed)
        if re.fullmatch(kind, match[1])
    }


def replace_cuda() -> None:
    """Put a library into torch's folder that has all functions of CUDA, under the name of each library of CUDA."""
    torch = PACKAGES / "torch/lib"
    own = sorted(torch.glob("*.so*"))
    here = {path.name for folder in (torch, LIBRARIES) for path in folder.iterdir()}
    headers = subprocess.run(
        ["readelf", "--dynamic", *own], check=True, capture_output=True, text=True
    ).stdout
    missing = set(re.findall(r"NEEDED\).*\[(.*)\]", headers)) - here
    needed = set().union(*(names_in(path, "U") for path in own))
    defined = set().union(
        *(names_in(path, "[^Uvw]") for path in [*own, *LIBRARIES.glob("*.so*")])
    )
    functions = sorted(
        name for name in needed - defined if not name.startswith(("Py", "_Py"))
    )
    stub = torch / "no_cuda.so"
    with TemporaryDirectory() as name, build.downloaded() as compiler:
        source = Path(name, "stub.s")
        source.write_text(
            "".join(f".globl {f}\n.type {f}, %function\n{f}:\n" for f in functions)
            + STUB
        )
        target = ["-target", TARGET.zig, "-nostdlib", "-shared"]
        subprocess.run([*compiler, *target, "-o", stub, source], check=True)
    for name in missing:
        (torch / name).symlink_to(stub.name)


def build_kernel() -> None:
    """Build the engine's kernel for arm64, unless that is done."""
    if not KERNEL.exists():
        with build.downloaded() as compiler:
            build.build(KERNEL, compiler, TARGET)


def main() -> None:
    """Make the folder anew."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    unpack_debian()
    install_packages()
    replace_cuda()
    check = "import platform, sklearn, torch; print(f'{platform.machine()}: torch {torch.__version__} can be imported')"
    subprocess.run([*python(), "-c", check], env=os.environ | VARIABLES, check=True)


if __name__ == "__main__":
    main()
