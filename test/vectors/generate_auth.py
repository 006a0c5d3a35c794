"""Writes auth.json: bodies that a real Celery signed, with the key and the certificate it used.

    python3 test/vectors/generate_auth.py        # with celery and cryptography importable

Run once with each Celery to keep; the key and certificate of an existing auth.json are used again. They protect nothing.
"""
import base64
import datetime
import json
import os

import celery
from celery.security.certificate import Certificate
from celery.security.key import PrivateKey
from celery.security.serialization import SecureSerializer
from celery.security.utils import get_digest_algorithm
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

PATH = os.path.join(os.path.dirname(os.path.abspath(__file__)), "auth.json")
VALUE = [[2, 3], {"k": "v"}, None]


def make_pair():
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([
        x509.NameAttribute(NameOID.COUNTRY_NAME, "DE"),
        x509.NameAttribute(NameOID.ORGANIZATION_NAME, 'Brine, "Tests" + Sons'),
        x509.NameAttribute(NameOID.COMMON_NAME, "brine test"),
    ])
    start = datetime.datetime(2020, 1, 1)
    certificate = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(x509.random_serial_number()).not_valid_before(start)
        .not_valid_after(start.replace(year=2120)).sign(key, hashes.SHA256())
    )
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return private.decode(), certificate.public_bytes(serialization.Encoding.PEM).decode()


def main():
    table = {"value": VALUE, "bodies": {}}
    if os.path.exists(PATH):
        with open(PATH, encoding="ascii") as file:
            table = json.load(file)
    if "key" not in table:
        table["key"], table["certificate"] = make_pair()
    certificate = Certificate(table["certificate"])
    serializer = SecureSerializer(PrivateKey(table["key"]), certificate, None, "sha256", "json")
    body = serializer.serialize(VALUE)
    version = ".".join(celery.__version__.split(".")[:2])
    table["id"] = certificate.get_id()
    table["bodies"][version] = base64.b64encode(body if isinstance(body, bytes) else body.encode()).decode()
    with open(PATH, "w", encoding="ascii", newline="\n") as file:
        json.dump(table, file, indent=1)
        file.write("\n")


if __name__ == "__main__":
    main()
