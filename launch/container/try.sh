#!/usr/bin/env bash
# Carries out the steps of the container recipes in a Debian root without an engine: launch/container/try.sh ROOT ARCHIVE
# ROOT is a folder that debootstrap made, ARCHIVE that of launch/bundle.sh. It needs root, and changes ROOT.
set -euo pipefail
root=$(realpath "${1:?a folder that debootstrap made}") archive=$(realpath "${2:?the archive of launch/bundle.sh}")
cd "$(dirname "${BASH_SOURCE[0]}")"
[[ -x $root/bin/sh && -f $archive ]] || { echo "try: $root is no root, or $archive is not there" >&2; exit 66; }
inside() { chroot "$root" env PATH=/usr/sbin:/usr/bin:/sbin:/bin DEBIAN_FRONTEND=noninteractive "$@"; }
# The Dockerfile: ADD unpacks an archive; RUN's lines as they stand, a comment among them as Docker drops it.
mkdir -p "$root/opt"
rm -rf "$root"/opt/sgm-train*
tar -C "$root/opt" -xf "$archive"
sed '/^ *#/d' Dockerfile | sed -n '/^RUN /,/[^\\]$/p' | awk '/^RUN /{ if (s) end(); s = substr($0, 5); next } { s = s "\n" $0 } END { end() } function end() { print s; print "[ $? = 0 ] || exit 1" }' \
  > "$root/steps.sh"
inside sh -u /steps.sh
# As the image's own user, with the variables of ENV and the command of CMD.
path=$(sed -n 's/^ENV PATH=//p' Dockerfile)
eval "path=${path/\$PATH//usr/bin:/bin:/usr/sbin}"
chroot --userspec=mpiuser "$root" env PATH="$path" HOME=/home/mpiuser sgm-train --version
chroot --userspec=mpiuser "$root" env PATH="$path" HOME=/home/mpiuser /opt/sgm-train/check.sh
# sshd starts with its configuration once the operator's keys are there.
inside sh -c 'mkdir -p /home/mpiuser/.ssh; test -f /home/mpiuser/.ssh/id_rsa || ssh-keygen -q -t rsa -N "" -f /home/mpiuser/.ssh/id_rsa; chown -R mpiuser: /home/mpiuser/.ssh'
chroot --userspec=mpiuser "$root" /usr/sbin/sshd -t -f /home/mpiuser/.sshd_config
# Apptainer: %post does the same with the archive in /opt.
rm -rf "$root"/opt/sgm-train*
cp "$archive" "$root/opt/"
sed -n '/^%post/,/^%environment/p' sgm-train.def | sed '/^%/d' > "$root/steps.sh"
inside sh -eu /steps.sh
chroot "$root" env PATH="$path" sgm-train --version > /dev/null
echo "try: the steps of Dockerfile and sgm-train.def are done, and their programs run"
