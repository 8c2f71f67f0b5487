"""Checks stand in files of their own; where one fails, its values are shown as in a test."""

import pytest

pytest.register_assert_rewrite("asynchronous", "azure_cli", "checks", "persons", "vault_checks")
