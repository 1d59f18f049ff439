"""How a password is hashed where it counts: the tests' own processes hash at the least cost (`tests/conftest.py`)."""

from __future__ import annotations

import subprocess
import sys


def test_a_program_hashes_at_the_cost_that_owasp_recommends() -> None:
    program = "from ingress.access.credentials import PASSWORDS; print(PASSWORDS.hash('a'))"
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ran.stdout.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
