"""Providers by name."""

import pytest

from lamour_jax.errors import UserError
from lamour_jax.lvlm.providers import (
    ManualProvider,
    ProviderSettings,
    UnknownProvider,
    make_provider,
)


def test_unknown_name_lists_the_known_ones():
    with pytest.raises(UnknownProvider, match=r"'oracle'.*recorded, manual") as error:
        make_provider("oracle", ProviderSettings("ant"))
    assert isinstance(error.value, UserError)


def test_manual_by_name(tmp_path):
    provider = make_provider("manual", ProviderSettings("ant", "model-3", tmp_path))
    assert isinstance(provider, ManualProvider)
    assert provider.name == "manual"
    assert provider.image is None
