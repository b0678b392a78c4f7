"""PURE: amounts of the ledger: US dollars with six places, never a float."""

from decimal import ROUND_UP, Decimal, InvalidOperation

from annotation.words import gettext as _

SMALLEST = Decimal("0.000001")
LARGEST = Decimal("999999999")
ZERO = Decimal(0)


class AmountError(ValueError):
    """A text or number is no amount of money; the message says what is wanted."""


def usd(amount: Decimal) -> Decimal:
    """Return an amount in whole millionths of a dollar, rounded up.

    Up, so that no cost is ever booked as less than it was. Raises AmountError below 0,
    above LARGEST, and for what is no number.
    """
    if not amount.is_finite() or not 0 <= amount <= LARGEST:
        raise AmountError(
            _("An amount must be between 0 and {most} USD.").format(most=LARGEST)
        )
    return amount.quantize(SMALLEST, ROUND_UP)


def read_usd(raw: object) -> Decimal:
    """Read an amount as a person or a program writes it; raises AmountError."""
    text = str(raw).strip().removeprefix("$").replace(",", "")
    if isinstance(raw, bool) or len(text) > 40:
        text = ""
    try:
        return usd(Decimal(text))
    except InvalidOperation as error:
        raise AmountError(
            _("“{text}” is no amount. Write it like 12.50.").format(text=str(raw)[:20])
        ) from error


def shown(amount: Decimal) -> str:
    """Return an amount for people: cents, and further places only where there are."""
    cents, _dot, rest = f"{amount:,.6f}".partition(".")
    return f"${cents}.{rest[:2]}{rest[2:].rstrip('0')}"
