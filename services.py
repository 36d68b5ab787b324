"""The composition root: settings in, working parts out. Used by the web and the workers alike."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from redis import Redis

from models import Database, Vault
from models.session import refuse_what_cannot_be_served
from settings import Settings
from shopify.admin import AdminApi
from shopify.auth import MerchantAuth
from shopify.connection import ShopConnection
from shopify.grants import Grants
from shopify.intake import ShopifyIntake
from shopify.oauth import AuthorizationCode
from shopify.tokens import TokenStore
from shopify.transport import build_client
from sms.carriers.checks import CarrierDesk
from sms.carriers.intake import CarrierIntake
from sms.carriers.twilio import Twilio
from sms.carriers.twilio_desk import TwilioDesk
from sms.delivery.dispatch import Dispatcher
from sms.delivery.reconcile import Reconciler
from sms.media.download import Downloads
from sms.media.fetch import MediaFetcher
from sms.media.links import MediaLinks
from sms.media.store import MediaStore, PostgresStore
from wakeups import WakeUpCalls

# A queue that does not answer must not hold up a webhook, which has five seconds (Shopify).
QUEUE_TIMEOUT_SECONDS = 2


@dataclass(frozen=True, slots=True)
class Services:
    """What entry points are given. One per process."""

    settings: Settings
    clock: Callable[[], datetime]
    database: Database
    wake_up_calls: WakeUpCalls
    shopify_intake: ShopifyIntake
    merchant_auth: MerchantAuth
    tokens: TokenStore
    admin_api: AdminApi
    shop_connection: ShopConnection
    carrier_intake: CarrierIntake
    dispatcher: Dispatcher
    reconciler: Reconciler
    carrier_desk: CarrierDesk
    media_store: MediaStore
    media_fetcher: MediaFetcher
    media_links: MediaLinks


def system_clock() -> datetime:
    return datetime.now(UTC)


def build_services(settings: Settings) -> Services:
    """Build everything from the settings.

    Raises:
        models.session.DatabaseError: the database is absent, not migrated, or has no walls for
            this login.
    """
    redis = Redis.from_url(
        settings.redis_url,
        socket_connect_timeout=QUEUE_TIMEOUT_SECONDS,
        socket_timeout=QUEUE_TIMEOUT_SECONDS,
    )
    wake_up_calls = WakeUpCalls(redis)
    database = Database(
        settings.database_url, vault=build_vault(settings), on_wake=wake_up_calls.call
    )
    refuse_what_cannot_be_served(database)
    carrier = Twilio(
        timeout=settings.carrier_timeout_seconds,
        pool_size=settings.dispatch_concurrency,
        base_url=settings.carrier_base_url,
    )
    http = build_client(settings.shopify_base_url)
    grants = Grants(
        http,
        client_id=settings.shopify_api_key,
        secret=settings.shopify_api_secret.get_secret_value(),
    )
    tokens = TokenStore(
        database,
        grants,
        clock=system_clock,
        client_credentials=settings.shopify_client_credentials,
    )
    admin_api = AdminApi(http, tokens)
    media_store = PostgresStore()
    media_links = MediaLinks(
        [key.get_secret_value() for key in settings.encryption_keys],
        public_url=settings.public_url,
        clock=system_clock,
    )
    return Services(
        settings=settings,
        clock=system_clock,
        database=database,
        wake_up_calls=wake_up_calls,
        shopify_intake=ShopifyIntake(
            database,
            client_id=settings.shopify_api_key,
            secrets=_shopify_secrets(settings),
            clock=system_clock,
        ),
        merchant_auth=_merchant_auth(settings, database, tokens, grants),
        tokens=tokens,
        admin_api=admin_api,
        shop_connection=ShopConnection(database, tokens, admin_api, clock=system_clock),
        carrier_intake=CarrierIntake(database, clock=system_clock),
        dispatcher=Dispatcher(
            database,
            carrier,
            clock=system_clock,
            public_url=settings.public_url,
            media_address=media_links.for_carrier,
            concurrency=settings.dispatch_concurrency,
            carrier_timeout=settings.carrier_timeout_seconds,
        ),
        reconciler=Reconciler(
            database,
            carrier,
            clock=system_clock,
            stale_after=timedelta(seconds=settings.sending_stale_after_seconds),
            absent_after=timedelta(seconds=settings.reconcile_absent_after_seconds),
        ),
        carrier_desk=TwilioDesk(carrier),
        media_store=media_store,
        media_links=media_links,
        media_fetcher=MediaFetcher(
            Downloads(carrier_base_url=settings.carrier_base_url), media_store
        ),
    )


def _merchant_auth(
    settings: Settings, database: Database, tokens: TokenStore, grants: Grants
) -> MerchantAuth:
    secrets = [secret for secret in _shopify_secrets(settings) if secret is not None]
    return MerchantAuth(
        database,
        client_id=settings.shopify_api_key,
        secrets=secrets,
        clock=system_clock,
        tokens=tokens,
        authorization=AuthorizationCode(
            database,
            tokens,
            grants,
            client_id=settings.shopify_api_key,
            secrets=secrets,
            public_url=settings.public_url,
            base_url=settings.shopify_base_url,
            clock=system_clock,
        ),
        app_bridge_url=settings.app_bridge_url,
        extra_frame_ancestor=settings.extra_frame_ancestor,
    )


def build_vault(settings: Settings) -> Vault:
    return Vault(
        encryption_keys=[key.get_secret_value() for key in settings.encryption_keys],
        phone_hash_keys=[key.get_secret_value() for key in settings.phone_hash_keys],
    )


def _shopify_secrets(settings: Settings) -> tuple[str, str | None]:
    previous = settings.shopify_api_secret_previous
    return (
        settings.shopify_api_secret.get_secret_value(),
        None if previous is None else previous.get_secret_value(),
    )
