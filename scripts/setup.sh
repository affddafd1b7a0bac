#!/usr/bin/env bash
# Installs the system libraries that Sextant builds against, on Debian and its relatives, when they are missing.
# Prints nothing when all is there; prints the one command to run when it may not install them itself.
set -euo pipefail

required=(
  libopenblas-dev libnetcdf-dev libassimp-dev libeigen3-dev libmetis-dev libarpack2-dev libcairo2-dev libudunits2-dev
  libproj-dev libeccodes-dev zlib1g-dev libzip-dev libssl-dev libtiff-dev libpng-dev libjpeg-dev pkg-config fonts-dejavu-core
)
# Coastlines for maps: pictures are drawn without them otherwise.
optional=(gmt-gshhg-low)

say() { printf 'setup: %s\n' "$*" >&2; }

is_installed() {
  [[ "$(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null)" == installed ]]
}

list_missing() {
  local package
  for package in "$@"; do is_installed "$package" || printf '%s\n' "$package"; done
}

check_swift() {
  if ! command -v swift >/dev/null; then
    say "no 'swift' on the path. Install Swift 6.2 or newer: https://www.swift.org/install/linux"
    exit 1
  fi
}

# Without dpkg there is nothing to install with: say what is needed, and go on if pkg-config finds it.
check_without_packages() {
  local libraries=(openblas arpack netcdf hdf5 assimp cairo udunits proj eccodes zlib libzip libcrypto libcurl eigen3 libtiff-4 libpng libjpeg)
  if pkg-config --exists "${libraries[@]}" 2>/dev/null; then return; fi
  say "this system has no dpkg. Install OpenBLAS, ARPACK-NG, NetCDF, HDF5, Assimp, Cairo, UDUNITS-2, PROJ, ecCodes, zlib, libzip, OpenSSL, curl, Eigen, libtiff, libpng, libjpeg-turbo (each with its pkg-config file: \
${libraries[*]}), METIS and the DejaVu fonts with its own package manager, then try again."
  exit 1
}

# How to become root: "freely", by a password that somebody can type ("asking"), or "never".
become_root=freely
as_root=()
if [[ "$(id -u)" != 0 ]]; then
  as_root=(sudo)
  if ! command -v sudo >/dev/null; then
    become_root=never
  elif ! sudo -n true 2>/dev/null; then
    if [[ -t 0 ]]; then become_root=asking; else become_root=never; fi
  fi
fi

# Installs packages; on failure once more after fetching the package lists. The log is shown only if that fails too.
install() {
  local apt=(env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=300)
  "${as_root[@]}" "${apt[@]}" install --no-install-recommends "$@" >"$log" 2>&1 && return
  "${as_root[@]}" "${apt[@]}" update >>"$log" 2>&1 || true
  "${as_root[@]}" "${apt[@]}" install --no-install-recommends "$@" >>"$log" 2>&1
}

check_swift
if ! command -v dpkg-query >/dev/null; then
  check_without_packages
  exit 0
fi

mapfile -t missing < <(list_missing "${required[@]}")
mapfile -t wanted < <(list_missing "${optional[@]}")
if ((${#missing[@]} + ${#wanted[@]} == 0)); then exit 0; fi

# Nobody is asked for a password for the sake of what is optional.
if ((${#missing[@]} == 0)) && [[ "$become_root" != freely ]]; then exit 0; fi
if [[ "$become_root" == never ]]; then
  say "packages are missing and this account may not install them. Run:"
  say "  sudo apt-get update && sudo apt-get install -y --no-install-recommends ${missing[*]} ${wanted[*]}"
  exit 1
fi

log="$(mktemp)"
trap 'rm -f "$log"' EXIT
if ((${#missing[@]} > 0)); then
  say "installing ${missing[*]}"
  if ! install "${missing[@]}"; then
    cat "$log" >&2
    say "the packages above could not be installed. When the reason is removed, run:"
    say "  ${as_root[*]} apt-get update && ${as_root[*]} apt-get install -y --no-install-recommends ${missing[*]}"
    exit 1
  fi
fi
if ((${#wanted[@]} > 0)); then
  say "installing ${wanted[*]} (optional)"
  install "${wanted[@]}" || say "${wanted[*]} could not be had: maps will have no coastlines."
fi
