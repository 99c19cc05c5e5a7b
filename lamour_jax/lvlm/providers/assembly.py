"""Putting a live provider together from the settings; the same for all of them."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

from lamour_jax.lvlm.prices import Price, price_of
from lamour_jax.lvlm.providers.keys import Key
from lamour_jax.lvlm.providers.live import LiveProvider, Reply, Request
from lamour_jax.lvlm.providers.meter import Meter
from lamour_jax.lvlm.providers.settings import ProviderSettings, check_live

# Servers where models cost what their makers say.
_OFFICIAL = ("api.openai.com", "generativelanguage.googleapis.com")


def make_live(
    name: str,
    settings: ProviderSettings,
    default_model: str,
    send: Callable[[Request], Reply],
    *,
    key: Key,
    base_url: str,
) -> LiveProvider:
    """Makes a live provider.

    Args:
      name: as in `make_provider`.
      settings: of the run.
      default_model: what is asked if the settings name no model.
      send: sends a request once.
      key: the secret that must not appear in any message.
      base_url: the server that is asked.

    Raises:
      BadSettings: a setting is unusable.
    """
    check_live(settings)
    return LiveProvider(
        name,
        settings.model or default_model,
        send,
        key=key,
        base_url=base_url,
        timeout_s=settings.timeout_s,
        max_output_tokens=settings.max_output_tokens,
        meter=Meter(settings.max_cost, _prices(settings.price, base_url)),
        say=settings.say,
    )


def _prices(given: tuple[float, float] | None, base_url: str) -> Callable[[str], Price | None]:
    """Finds the price of a model: the given one; else the published one, if the server is its
    maker's."""
    if given is not None:
        price = Price(*given)
        return lambda model: price
    if urlsplit(base_url).hostname in _OFFICIAL:
        return price_of
    return lambda model: None
