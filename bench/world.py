"""Shops and shoppers for a run under load, built from the sandbox's own two."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from decimal import Decimal

from models import Database, ShippingText
from models.enums import Milestone, Registration, SenderType
from sandbox.carrier.accounts import Account
from sandbox.world import HARBOR_TEA, MAPLE_AND_RYE, PHONES, CarrierAccount, Phone, Shop, World
from shopify.shops import install_shop
from sms.carriers.accounts import Connection, connect

SECRET = "the secret of an app that runs under load"
# 555-0100 to 555-0199 is set aside for fiction in every area code. Not 303: there the carrier
# stand-in keeps its numbers with a fate of their own.
_AREA_CODES = (206, 212, 305, 312, 415, 503, 512, 602, 617, 702, 818, 919)
# Refused: blocked at the carrier, no mobile, and never accepted with an answer that hides it.
# Accepted: a dead number, and one that never confirms. None of them asks for a later second try.
_FATEFUL = ("+13035550110", "+13035550114", "+13035550130", "+13035550155", "+13035550190")


def shops(count: int) -> tuple[Shop, ...]:
    """So many shops, each with its number. The first is on a toll-free one, as in the sandbox."""
    likenesses = itertools.cycle((MAPLE_AND_RYE, HARBOR_TEA))
    return tuple(
        replace(
            shop,
            domain=f"busy-{place}.myshopify.com",
            name=f"{shop.name} {place}",
            id=shop.id + 1000 * place,
            sender_number=f"+1888555{150 + place:04}" if place == 1 else f"+1206556{place:04}",
            sender_type="toll_free" if place == 1 else "10dlc",
        )
        for place, shop in zip(range(1, count + 1), likenesses, strict=False)
    )


def people(count: int) -> tuple[Phone, ...]:
    """So many shoppers with a phone each; a few have one that the carrier never delivers to."""
    numbers = itertools.chain(_FATEFUL, _ordinary_numbers())
    likenesses = itertools.cycle(PHONES)
    return tuple(
        replace(
            person,
            key=f"person-{place}",
            number=number,
            email=f"person-{place}@shoppers.example",
            customer_id=person.customer_id + 1000 * place,
        )
        for place, number, person in zip(range(count), numbers, likenesses, strict=False)
    )


def _ordinary_numbers() -> Iterator[str]:
    for last, area in itertools.product(range(100, 200), _AREA_CODES):
        yield f"+1{area}5550{last}"


def has_ordinary_number(person: Phone) -> bool:
    return person.number not in _FATEFUL


@dataclass(frozen=True)
class Busy:
    """A world of busy shops, and how it is set up on both sides."""

    world: World
    segments_per_second: Decimal

    @classmethod
    def of(cls, *, shop_count: int, people_count: int, segments_per_second: int) -> Busy:
        world = World(shops=shops(shop_count), phones=people(people_count), api_secret=SECRET)
        return cls(world, Decimal(segments_per_second))

    def carrier_accounts(self, *, parley_url: str) -> list[Mapping[str, object]]:
        """What `python -m sandbox.carrier --accounts` reads."""
        return [
            asdict(Account.described_by(account, parley_url=parley_url))
            for account in self.world.carrier_accounts
        ]

    def connect(self, database: Database, *, now: datetime) -> None:
        """Install every shop since `now`, connect its number, and switch its texts on."""
        for account in self.world.carrier_accounts:
            shop_id = install_shop(database, account.shop_domain, now=now)
            with database.shop_session(shop_id) as session:
                session.shop.name = account.brand
                session.shop.country = "US"
                connect(session, self._connection(account), now=now)
                for milestone in Milestone:
                    session.add(ShippingText(milestone=milestone, enabled=True, updated_at=now))

    def _connection(self, account: CarrierAccount) -> Connection:
        toll_free = account.number_type == "toll_free"
        return Connection(
            account_sid=account.account_sid,
            auth_token=account.auth_token,
            number=account.number,
            type=SenderType.TOLL_FREE if toll_free else SenderType.LONG_CODE,
            registration=Registration.APPROVED,
            answers_stop_itself=account.answers_stop_itself,
            segments_per_second=self.segments_per_second,
            account_key=account.account_key,
        )
