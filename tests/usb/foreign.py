"""Takes a bundle apart with no line of the kit: zipfile, hashlib, json, PyHPKE and a signature.

    python foreign.py FILE.kspb CITY_SEAL_PRIVATE_HEX DEVICE_SIGN_PUBLIC_HEX

Prints one line for each request: its part, method, path and the SHA-256 of its body.
"""

import base64
import hashlib
import json
import sys
import zipfile

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from pyhpke import AEADId, CipherSuite, KDFId, KEMId, KEMKey

SUITE = CipherSuite.new(KEMId.DHKEM_X25519_HKDF_SHA256, KDFId.HKDF_SHA256, AEADId.AES256_GCM)
path, city, device = sys.argv[1], bytes.fromhex(sys.argv[2]), bytes.fromhex(sys.argv[3])
key = KEMKey.from_pyca_cryptography_key(X25519PrivateKey.from_private_bytes(city))


def opened(file: zipfile.ZipFile, entry: str) -> bytes:
    file_id, _, name = entry.partition("/")
    sealed, info = file.read(entry), f"fieldkit/bundle/v1|{file_id}|{name}".encode()
    assert sealed[:5] == b"FKBU1"
    return bytes(SUITE.create_recipient_context(sealed[5:37], key, info).open(sealed[37:]))


with zipfile.ZipFile(path) as bundle:
    entries = {name.partition("/")[2]: name for name in bundle.namelist()}
    told = json.loads(opened(bundle, entries["manifest"]))
    signed, signature = b"ksp1-bundle\0" + told["body"].encode(), told["signature"]
    Ed25519PublicKey.from_public_bytes(device).verify(base64.b64decode(signature), signed)
    for part in json.loads(told["body"])["parts"]:
        data = opened(bundle, entries[part["name"]])
        assert hashlib.sha256(data).hexdigest() == part["sha256"] and len(data) == part["size"]
        head, _, body = data.partition(b"\n")
        asked = json.loads(head)
        print(part["name"], asked["method"], asked["path"], hashlib.sha256(body).hexdigest())
