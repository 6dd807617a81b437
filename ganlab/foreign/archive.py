"""Whether a .pt file is what `torch.save` writes: a zip file whose members are stored as they are, and whole.

A zip file can promise more than it has: members that inflate a thousandfold, that lie one upon the other, or that want
to be unpacked elsewhere. Torch looks at none of this, nor at the checksums.
"""

from __future__ import annotations

import re
import zipfile
from typing import BinaryIO

from ganlab.foreign import Refused

MOST_MEMBERS = 100_000
MOST_PICKLE = 64 << 20
PIECE = 1 << 20
FOLDER = 0x10
"""A bit of the attributes that DOS gave a file."""


def check_archive(file: BinaryIO, size: int) -> bool:
    """Raise `Refused` unless the file of `size` bytes is one of `torch.save`, whole, and not larger inside than
    outside. False if it was saved without checksums, so that damage could not be seen."""
    if file.read(4) != b"PK\x03\x04":
        raise Refused("is no file of torch.save since torch 1.6; save its state_dict anew with a newer torch")
    try:
        with zipfile.ZipFile(file) as archive:
            return _check_members(archive, size)
    except (Refused, MemoryError):
        raise
    except Exception as error:  # zipfile raises a dozen kinds for what nobody would write
        raise Refused(f"is damaged or cut short ({error})") from None


def _check_members(archive: zipfile.ZipFile, size: int) -> bool:
    members = archive.infolist()
    names = [each.filename for each in members]
    if len(members) > MOST_MEMBERS or len(set(names)) < len(names):
        raise Refused(f"holds more than {MOST_MEMBERS} members, or two of one name")
    inner = [name.partition("/")[2] for name in names]
    if any(name == "constants.pkl" or name.startswith("code/") for name in inner):
        raise Refused("is a TorchScript archive; save the state_dict of what it holds")
    for each in members:
        _check_member(each)
    if sum(each.file_size for each in members) > size:
        raise Refused("holds members that lie one upon the other")
    pickles = [each for each, name in zip(members, inner, strict=True) if name == "data.pkl"]
    if len({name.partition("/")[0] for name in names}) != 1 or len(pickles) != 1:
        raise Refused("is a zip file, but none of torch.save; give one that holds a state_dict")
    if pickles[0].file_size > MOST_PICKLE:
        raise Refused(f"describes its tensors in more than {MOST_PICKLE >> 20} MiB")
    if not any(each.CRC for each in members):
        return False
    for each in members:
        with archive.open(each) as member:
            while member.read(PIECE):
                pass
    return True


def _check_member(member: zipfile.ZipInfo) -> None:
    name = member.filename
    if member.compress_type != zipfile.ZIP_STORED or member.file_size != member.compress_size:
        raise Refused(f"holds compressed members ({name[:80]!r}), which torch never writes")
    if member.is_dir() or member.external_attr & FOLDER:  # torch would read nothing, and say nothing
        raise Refused(f"is damaged: it calls {name[:80]!r} a folder")
    if member.flag_bits & 1:
        raise Refused("is encrypted, which torch never writes")
    parts = re.split(r"[/\\]", name)
    if len(parts) < 2 or not all(part.strip(".") for part in parts) or ":" in parts[0]:
        raise Refused(f"holds a member called {name[:80]!r}, which torch never writes")
