"""Does the encryption of this very machine work? A few milliseconds, before anything is opened.

Not "is it installed": SQLCipher's bytes are looked at and a wrong key must be refused, Argon2id
must give the tag of its RFC, a changed ciphertext must not open. Called at every start
(fieldkit/store/startcheck.py) and by the doctor. Only made-up data. 003 4(2).
"""

from __future__ import annotations

import secrets
from contextlib import closing
from pathlib import Path

CANARY = "カナリア" + "0123456789abcdef" * 4
RFC9106_TAG = "0d640df58d78766c08c037a34a8b53c9d01ef0452d75b65eb52520e96b01e659"

Finding = tuple[bool, str]


def sqlcipher(folder: Path) -> Finding:
    """Write a small store into `folder` (the caller removes it) and read its raw bytes."""
    from sqlcipher3 import dbapi2

    path = folder / "canary.db"
    key = secrets.token_hex(32)
    with closing(dbapi2.connect(str(path))) as conn:
        conn.set_key(f"x'{key}'")
        version = conn.execute("PRAGMA cipher_version").fetchone()
        conn.execute("PRAGMA synchronous = OFF")  # made to be thrown away
        conn.execute("CREATE TABLE canary (word TEXT)")
        conn.execute("INSERT INTO canary VALUES (?)", (CANARY,))
        conn.commit()
    raw = b"".join(file.read_bytes() for file in folder.iterdir())
    if not version or b"SQLite format 3" in raw or CANARY.encode() in raw:
        return False, "保管庫が暗号化されていません。この端末を使わないでください。"
    if _opens(path, secrets.token_hex(32)) or _opens(path, None):
        return False, "保管庫が違う鍵でも開いてしまいます。この端末を使わないでください。"
    if not _opens(path, key):
        return False, "保管庫が正しい鍵で開きません。担当者に連絡してください。"
    return True, f"保管庫は暗号化され、違う鍵では開きません（SQLCipher {version[0]}）。"


def _opens(path: Path, key: str | None) -> bool:
    from sqlcipher3 import dbapi2

    with closing(dbapi2.connect(str(path))) as conn:
        if key is not None:
            conn.set_key(f"x'{key}'")
        conn.execute("PRAGMA cipher_log_level = NONE")  # a refusal is wanted here, not a log line
        try:
            row = conn.execute("SELECT word FROM canary").fetchone()
        except dbapi2.DatabaseError:
            return False
    return bool(row and row[0] == CANARY)


def hpke() -> Finding:
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
    from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

    suite = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
    secret = X25519PrivateKey.generate()
    sealed = suite.encrypt(CANARY.encode(), secret.public_key(), info=b"doctor/right")
    if CANARY.encode() in sealed:
        return False, "封印（HPKE）の中身が読めてしまいます。この端末を使わないでください。"
    if suite.decrypt(sealed, secret, info=b"doctor/right") != CANARY.encode():
        return False, "封印（HPKE）した内容が元に戻りません。この端末を使わないでください。"
    for wrong_key, info in (
        (secret, b"doctor/wrong"),
        (X25519PrivateKey.generate(), b"doctor/right"),
    ):
        try:
            suite.decrypt(sealed, wrong_key, info=info)
        except InvalidTag:
            continue
        return False, "封印（HPKE）が違う用途・違う鍵でも開きます。この端末を使わないでください。"
    return True, "写真と記録を市サーバ宛てに封印できます（HPKE）。"


def argon2id() -> Finding:
    from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

    tag = Argon2id(  # the test vector of RFC 9106, 5.3
        salt=b"\x02" * 16,
        length=32,
        iterations=3,
        lanes=4,
        memory_cost=32,
        secret=b"\x03" * 8,
        ad=b"\x04" * 12,
    ).derive(b"\x01" * 32)
    if tag.hex() != RFC9106_TAG:
        return False, "合言葉の計算（Argon2id）が標準と違います。この端末を使わないでください。"
    return True, "合言葉の計算（Argon2id）は標準（RFC 9106）どおりです。"


def aes_gcm() -> Finding:
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    aes, nonce = AESGCM(AESGCM.generate_key(256)), secrets.token_bytes(12)
    sealed = aes.encrypt(nonce, CANARY.encode(), b"header")
    try:
        aes.decrypt(nonce, bytes([sealed[0] ^ 1]) + sealed[1:], b"header")
    except InvalidTag:
        if aes.decrypt(nonce, sealed, b"header") == CANARY.encode():
            return True, "改ざんを見つける暗号（AES-256-GCM）が動きます。"
    return False, "暗号（AES-256-GCM）が正しく動きません。この端末を使わないでください。"
