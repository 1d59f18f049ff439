"""Bring the console's third-party files from their packages, pinned by hash, with licences (`make static-assets`).

The files lie in the repository, so that neither an installation nor its users need npm or another site.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[1]
MANIFEST: Final = ROOT / "tools" / "static_assets.json"
SECONDS_MAX: Final = 120


def packed(name: str, version: str, folder: Path) -> Path:
    """The package's archive."""
    command = ["npm", "pack", "--silent", "--pack-destination", str(folder), f"{name}@{version}"]
    ran = subprocess.run(command, capture_output=True, text=True, check=True, timeout=SECONDS_MAX)  # noqa: S603  npm alone
    return folder / ran.stdout.split()[-1]


def integrity_of(archive: Path) -> str:
    """Its hash as npm writes it."""
    return "sha512-" + base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()


def read(archive: Path, name: str) -> bytes:
    """One file of the archive."""
    with tarfile.open(archive) as opened:
        file = opened.extractfile(f"package/{name}")
        if file is None:
            raise FileNotFoundError(name)
        return file.read()


def sprite(archive: Path, pattern: str, names: list[str]) -> bytes:
    """Chosen icons as one SVG of symbols."""
    symbols = []
    for name in sorted(names):
        text = read(archive, pattern.format(name=name)).decode()
        inner = re.sub(r"<!--.*?-->|</?svg[^>]*>", "", text, flags=re.DOTALL)
        symbols.append(f'<symbol id="{name}" viewBox="0 0 24 24">{" ".join(inner.split())}</symbol>')
    return ('<svg xmlns="http://www.w3.org/2000/svg">' + "".join(symbols) + "</svg>\n").encode()


def main() -> int:
    """Write every file of the manifest; a package that is another than the pinned one ends it."""
    manifest = json.loads(MANIFEST.read_text())
    for package in manifest:
        with tempfile.TemporaryDirectory() as folder:
            archive = packed(package["name"], package["version"], Path(folder))
            found = integrity_of(archive)
            if package.get("integrity", found) != found:
                print(
                    f"{package['name']}: the package has {found}, the manifest {package['integrity']}", file=sys.stderr
                )
                return 1
            package["integrity"] = found
            for target, source in package["files"].items():
                place = ROOT / target
                place.parent.mkdir(parents=True, exist_ok=True)
                place.write_bytes(read(archive, source))
            if icons := package.get("icons"):
                (ROOT / icons["target"]).write_bytes(sprite(archive, icons["source"], icons["names"]))
        print(f"{package['name']} {package['version']}")
    MANIFEST.write_text(json.dumps(manifest, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
