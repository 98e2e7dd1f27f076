#!/usr/bin/env bash
# Writes the wheels and the source distributions of the three packages, as the commit HEAD has them, into dist/, to the
# same bytes each time: packages/build.sh [ADDRESS OF THE REPOSITORY, to which their metadata link]
set -euo pipefail
cd "$(dirname "$0")/.."

repository=${1:-}
# The systems that have a kernel.
systems="linux-arm64 linux-x86_64 macos-arm64 macos-x86_64 windows-x86_64"

umask 022  # the permissions of files are part of the bytes
unset CFLAGS
SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)
export SOURCE_DATE_EPOCH
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

mkdir "$folder/commit" "$folder/dist"
git -c tar.umask=0022 archive HEAD | tar -x -f - -C "$folder/commit"
# Some files of the packages are links to files elsewhere in the repository.
cp -RL "$folder/commit/packages" "$folder/packages"

"${PYTHON:-python3}" -m venv "$folder/tools"
python=$folder/tools/bin/python
"$python" -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes \
  --requirement "$folder/commit/requirements-build.txt"

build() {  # FOLDER OPTIONS...
  "$python" -m build --quiet --no-isolation --outdir "$folder/dist" "${@:2}" "$1"
}

for name in lockstep resampled gridstage; do
  package=$folder/packages/$name
  [ -z "$repository" ] || cat >> "$package/pyproject.toml" <<EOF

[project.urls]
Homepage = "$repository"
Documentation = "$repository/blob/HEAD/packages/$name/README.md"
Source = "$repository/tree/HEAD/packages/$name"
Changelog = "$repository/blob/HEAD/packages/$name/CHANGELOG.md"
Issues = "$repository/issues"
EOF
  build "$package" --sdist
  [ "$name" = lockstep ] || build "$package" --wheel
done
for system in $systems; do
  build "$folder/packages/lockstep" --wheel --config-setting "target=$system"
done
"$python" "$folder/commit/packages/repack.py" "$folder"/dist/*.tar.gz

rm -rf dist
mv "$folder/dist" dist
ls dist
