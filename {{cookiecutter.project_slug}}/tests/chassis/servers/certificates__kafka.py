"""Certificates for tests, made by openssl."""

import subprocess
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Certificates:
    """PEM files. `cert` and `key` are signed by `ca` and good for 127.0.0.1, at either end of a connection."""

    ca: Path
    cert: Path
    key: Path


def make_certificates(directory: Path) -> Certificates:
    ca, ca_key, cert, key = (directory / name for name in ("ca.pem", "ca.key", "cert.pem", "key.pem"))
    new = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
    _run([*new, "-subj", "/CN=authority", "-keyout", str(ca_key), "-out", str(ca)])
    signed = ["-CA", str(ca), "-CAkey", str(ca_key), "-addext", "subjectAltName=IP:127.0.0.1"]
    _run([*new, "-subj", "/CN=127.0.0.1", "-keyout", str(key), "-out", str(cert), *signed])
    return Certificates(ca, cert, key)


def _run(command: list[str]) -> None:
    subprocess.run(command, check=True, capture_output=True)
