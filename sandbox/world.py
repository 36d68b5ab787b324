"""Who and what exists in the sandbox: two shops, four people with phones, two carrier accounts.

Pure data. Secrets are derived, not stored: whoever knows `SHOPIFY_API_SECRET` derives the same
carrier accounts, so the sandbox and the command that seeds Parley agree without sharing a file.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal, TypeVar

NumberType = Literal["toll_free", "10dlc"]
Thing = TypeVar("Thing")


class Unknown(LookupError):
    """There is no such shop, person, product, order or parcel in the sandbox."""


@dataclass(frozen=True)
class Address:
    """A postal address. `province` and `country` are names, the codes are ISO 3166."""

    address1: str
    city: str
    province: str
    province_code: str
    zip: str
    country: str = "United States"
    country_code: str = "US"
    address2: str | None = None


@dataclass(frozen=True)
class Product:
    """One thing to buy. `price` is in minor units of the shop's currency."""

    handle: str
    title: str
    price: int
    sku: str
    grams: int
    variant_title: str | None = None
    requires_shipping: bool = True


@dataclass(frozen=True)
class Shop:
    """A store on the stand-in Shopify, and the number that texts for it."""

    domain: str
    name: str
    id: int
    location_id: int
    email: str
    owner: str
    phone: str
    address: Address
    iana_timezone: str
    timezone: str
    products: tuple[Product, ...]
    sender_number: str
    sender_type: NumberType
    currency: str = "USD"

    @property
    def handle(self) -> str:
        """The shop's name in addresses of the admin."""
        return self.domain.removesuffix(".myshopify.com")

    def product(self, sku: str) -> Product:
        """Raises `Unknown` when the shop does not sell `sku`."""
        for product in self.products:
            if product.sku == sku:
                return product
        raise Unknown(f"{self.name} does not sell {sku!r}")


@dataclass(frozen=True)
class Phone:
    """A person and their phone. `number` is E.164; `locale` becomes Shopify's customer_locale."""

    key: str
    name: str
    number: str
    email: str
    customer_id: int
    address: Address
    locale: str = "en-US"

    @property
    def last_name(self) -> str:
        return self.name.partition(" ")[2]

    @property
    def first_name(self) -> str:
        return self.name.partition(" ")[0]

    def named(self, name: str) -> Phone:
        """The same person under another name, for orders placed with an unusual one."""
        return replace(self, name=name)

    def reached_at(self, number: str) -> Phone:
        """The same person under another E.164 number, such as one the carrier cannot reach."""
        return replace(self, number=number)


@dataclass(frozen=True)
class Staff:
    """Someone who works in the shops' admin. `id` becomes the subject of session tokens."""

    key: str
    name: str
    id: int
    email: str
    owner: bool = False


@dataclass(frozen=True)
class CarrierAccount:
    """A shop's account at the stand-in carrier. `number` is E.164.

    `answers_stop_itself`: on toll-free numbers the network answers STOP before an app can.
    """

    shop_domain: str
    account_sid: str
    auth_token: str
    account_key: str
    number: str
    number_type: NumberType
    brand: str
    answers_stop_itself: bool


@dataclass(frozen=True)
class World:
    """Everything the store stand-in needs to know; tests may make larger ones."""

    shops: tuple[Shop, ...]
    phones: tuple[Phone, ...]
    api_secret: str

    @classmethod
    def standard(cls, api_secret: str) -> World:
        return cls(shops=SHOPS, phones=PHONES, api_secret=api_secret)

    @property
    def carrier_accounts(self) -> tuple[CarrierAccount, ...]:
        return carrier_accounts(self.api_secret, self.shops)

    def shop(self, domain: str) -> Shop:
        """Raises `Unknown` for a domain that is not in this world."""
        return _by_name(((shop.domain, shop) for shop in self.shops), domain)

    def shop_with_handle(self, handle: str) -> Shop:
        """Raises `Unknown` for a handle that is not in this world."""
        return _by_name(((shop.handle, shop) for shop in self.shops), handle)

    def member(self, key: str) -> Staff:
        """Raises `Unknown` for someone who does not work here."""
        return _by_name(((staff.key, staff) for staff in STAFF), key)

    def phone(self, key: str) -> Phone:
        """Raises `Unknown` for a person who is not in this world."""
        return _by_name(((phone.key, phone) for phone in self.phones), key)


def carrier_accounts(
    api_secret: str, shops: Iterable[Shop] | None = None
) -> tuple[CarrierAccount, ...]:
    """The shops' accounts at the carrier, the same for everyone who knows the app's secret."""
    return tuple(_carrier_account(api_secret, shop) for shop in (SHOPS if shops is None else shops))


def _carrier_account(api_secret: str, shop: Shop) -> CarrierAccount:
    return CarrierAccount(
        shop_domain=shop.domain,
        account_sid="AC" + _derived(api_secret, "sid", shop.domain)[:32],
        auth_token=_derived(api_secret, "token", shop.domain)[:32],
        account_key=_derived(api_secret, "key", shop.domain)[:24],
        number=shop.sender_number,
        number_type=shop.sender_type,
        brand=shop.name,
        answers_stop_itself=shop.sender_type == "toll_free",
    )


def _derived(api_secret: str, what: str, domain: str) -> str:
    message = f"sandbox carrier {what} {domain}".encode()
    return hmac.new(api_secret.encode(), message, hashlib.sha256).hexdigest()


def _by_name(pairs: Iterable[tuple[str, Thing]], name: str) -> Thing:
    for key, thing in pairs:
        if key == name:
            return thing
    raise Unknown(f"no {name!r} in the sandbox")


MAPLE_AND_RYE = Shop(
    domain="maple-and-rye.myshopify.com",
    name="Maple & Rye",
    id=74219380522,
    location_id=88204417834,
    email="hello@mapleandrye.example",
    owner="June Whitlock",
    phone="+18025550117",
    address=Address("14 Mill Street", "Burlington", "Vermont", "VT", "05401"),
    iana_timezone="America/New_York",
    timezone="(GMT-05:00) Eastern Time (US & Canada)",
    sender_number="+18885550140",
    sender_type="toll_free",
    products=(
        Product("maple-syrup", "Amber maple syrup", 1850, "MR-SYRUP-AMB", 680, "16 oz"),
        Product("rye-loaf", "Seeded rye loaf", 900, "MR-RYE-SEED", 850),
        Product("bread-knife", "Beech bread knife", 4200, "MR-KNIFE-BCH", 240, "9 in"),
        Product("linen-apron", "Washed linen apron", 5800, "MR-APRON-OAT", 410, "Oat"),
        Product("starter-crock", "Sourdough starter crock", 3400, "MR-CROCK-01", 1200),
        Product("baking-class", "Rye weekend video class", 2900, "MR-CLASS-RYE", 0,
                requires_shipping=False),
    ),
)  # fmt: skip

HARBOR_TEA = Shop(
    domain="harbor-tea.myshopify.com",
    name="Harbor Tea",
    id=61907745213,
    location_id=70335581269,
    email="crew@harbortea.example",
    owner="Tomas Lind",
    phone="+12065550186",
    address=Address("301 Alder Quay", "Seattle", "Washington", "WA", "98101"),
    iana_timezone="America/Los_Angeles",
    timezone="(GMT-08:00) Pacific Time (US & Canada)",
    sender_number="+12065550155",
    sender_type="10dlc",
    products=(
        Product("smoked-oolong", "Smoked oolong", 1600, "HT-OOLONG-100", 140, "100 g tin"),
        Product("fog-breakfast", "Fog Bank breakfast tea", 1350, "HT-FOG-50", 180, "50 bags"),
        Product("mint-tisane", "Garden mint tisane", 1200, "HT-MINT-60", 95, "60 g pouch"),
        Product("iron-kettle", "Cast-iron kettle", 8900, "HT-KETTLE-IRN", 2100, "1.2 L"),
        Product("stoneware-mug", "Tide-line stoneware mug", 2600, "HT-MUG-TIDE", 390),
        Product("gift-card", "Harbor Tea gift card", 2500, "HT-GIFT-25", 0, "$25",
                requires_shipping=False),
    ),
)  # fmt: skip

SHOPS: tuple[Shop, ...] = (MAPLE_AND_RYE, HARBOR_TEA)

PHONES: tuple[Phone, ...] = (
    Phone("ada", "Ada Marsh", "+14155550101", "ada@shoppers.example", 820982911946154501,
          Address("88 Fern Street", "San Francisco", "California", "CA", "94110",
                  address2="Apt 3")),
    Phone("ben", "Ben Okafor", "+12125550102", "ben@shoppers.example", 820982911946154502,
          Address("215 Orchard Street", "New York", "New York", "NY", "10002")),
    Phone("chloe", "Chloé Gagnon", "+15145550103", "chloe@shoppers.example", 820982911946154503,
          Address("4012 rue Saint-Denis", "Montréal", "Quebec", "QC", "H2W 2M5", "Canada", "CA"),
          "fr-CA"),
    Phone("dev", "Dev Patel", "+13125550104", "dev@shoppers.example", 820982911946154504,
          Address("1750 N Wells Street", "Chicago", "Illinois", "IL", "60614")),
)  # fmt: skip

STAFF: tuple[Staff, ...] = (
    Staff("mia", "Mia Holm", 94500100001, "mia@staff.example", owner=True),
    Staff("jonas", "Jonas Berg", 94500100002, "jonas@staff.example"),
    Staff("priya", "Priya Nair", 94500100003, "priya@staff.example"),
)
