"""The instance key: encrypts what must be read again, and derives what only has to be compared.

It comes from a setting, or from a file of the data folder that the first process makes. A rotation
(see `key_rotation`) writes the key that follows beside that file before anything is encrypted with
it, and moves it into its place afterwards.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
import secrets
import tempfile
from contextlib import suppress
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from engine.errors import SettingsError
from engine.model.access import INSTANCE
from engine.ports import SettingStore

FILE_NAME = "instance.key"
NEXT_FILE_NAME = "instance.key.next"
_KEY_BYTES = 32
_NONCE_BYTES = 12  # NIST SP 800-38D, 8.2.2
_FORMAT = "v1:"
FINGERPRINT = (INSTANCE, "instance_key_fingerprint")


class InstanceKey:
    """A 256-bit key. Everything that shares a metadata database needs the same one."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._cipher = AESGCM(self.derive("encryption"))

    @classmethod
    def load(cls, data_dir: Path) -> InstanceKey:
        """Read the key of a data folder; the first process to ask makes it, readable by its user.

        Raises:
            SettingsError: The file cannot be read or made, or does not hold a key.
        """
        return cls.read_or_make(data_dir / FILE_NAME)

    @classmethod
    def read_or_make(cls, path: Path) -> InstanceKey:
        """Read the key in a file; the first process to ask makes it, readable by its user.

        Raises:
            SettingsError: The file cannot be read or made, or does not hold a key.
        """
        try:
            if not path.exists():
                _create(path)
            return cls.parse(path.read_text(encoding="ascii"))
        except OSError as error:
            raise SettingsError(
                f"the instance key {path} cannot be used: {error.strerror}"
            ) from error
        except ValueError as error:
            raise SettingsError(
                f"{path} does not hold an instance key",
                hint="Put the right file back: secrets and API keys cannot be read without it.",
            ) from error

    @classmethod
    def parse(cls, text: str) -> InstanceKey:
        """Read a key from the text of its file; raises ValueError."""
        try:
            key = base64.urlsafe_b64decode(text.strip())
        except binascii.Error as error:
            raise ValueError("an instance key is written in base64") from error
        if len(key) != _KEY_BYTES:
            raise ValueError(f"an instance key has {_KEY_BYTES} bytes")
        return cls(key)

    def derive(self, purpose: str) -> bytes:
        """A 256-bit secret for one purpose; it tells nothing of the key or of other secrets.

        One block of HKDF-Expand (RFC 5869, 2.3): HMAC-SHA256(key, purpose ‖ 0x01).
        """
        return hmac.digest(self._key, purpose.encode() + b"\x01", hashlib.sha256)

    @property
    def fingerprint(self) -> str:
        """What tells this key from others without telling the key."""
        return self.derive("fingerprint").hex()

    def encrypt(self, text: str, place: str) -> str:
        """Encrypt (AES-256-GCM); the result can be read at `place` only."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        sealed = self._cipher.encrypt(nonce, text.encode(), place.encode())
        return _FORMAT + base64.urlsafe_b64encode(nonce + sealed).decode()

    def decrypt(self, token: str, place: str) -> str:
        """Read what `encrypt` made for the same place.

        Raises:
            SettingsError: It was encrypted with another key, or was changed.
        """
        try:
            sealed = base64.urlsafe_b64decode(token.removeprefix(_FORMAT))
            nonce, rest = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:]
            return self._cipher.decrypt(nonce, rest, place.encode()).decode()
        except (InvalidTag, ValueError) as error:
            raise SettingsError(
                f"{place} cannot be decrypted with this instance key",
                hint="After a rotation of the key, start this process again; otherwise bring back "
                f"the {FILE_NAME} it was stored with, or store it again.",
            ) from error

    def check_against(self, settings: SettingStore) -> None:
        """Refuse a key that is not the one the metadata was written with.

        Raises:
            SettingsError: Another key was used with this database before.
        """
        known = settings.get(*FINGERPRINT)
        if known is None:
            settings.put(*FINGERPRINT, self.fingerprint)
        elif known != self.fingerprint:
            raise SettingsError(
                "this metadata database was written with another instance key",
                hint=f"Copy {FILE_NAME} from the data folder of the instance that made it: with "
                "another key neither its API keys nor its secrets can be read.",
            )


def _create(path: Path) -> None:
    # Linked under its name only when it is whole and on disk; the first process to link wins.
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor, draft = tempfile.mkstemp(dir=path.parent, prefix=FILE_NAME)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(base64.urlsafe_b64encode(secrets.token_bytes(_KEY_BYTES)) + b"\n")
            file.flush()
            os.fsync(descriptor)
        with suppress(FileExistsError):
            os.link(draft, path)
    finally:
        Path(draft).unlink()
