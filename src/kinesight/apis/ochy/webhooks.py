"""Routes of the webhook: where a tenant's events go."""

from __future__ import annotations

import time
from typing import Any
from uuid import uuid4

from fastapi import APIRouter

from kinesight.apis.edge.authentication import QueryCaller
from kinesight.apis.edge.context import Here
from kinesight.apis.edge.failures import InvalidRequest, route_class
from kinesight.apis.edge.times import timestamp
from kinesight.apis.edge.validation import validated
from kinesight.apis.ochy.errors import DIALECT
from kinesight.apis.ochy.openapi import BODY_ANSWERS, KEY_ANSWERS, TEST_ANSWERS, json_body
from kinesight.apis.ochy.schemas import WebhookFields, WebhookTest, WebhookView
from kinesight.apis.ochy.subjects import JsonObject
from kinesight.domain.errors import NotFound, SourceForbidden, SourceUnreachable
from kinesight.domain.webhooks import Webhook
from kinesight.jobs.deliverer import send_signed

router = APIRouter(prefix="/webhook", tags=["ochy"], route_class=route_class(DIALECT))


@router.get("", response_model=WebhookView | dict[str, Any], summary="The webhook", responses=KEY_ANSWERS)
def get_webhook(here: Here, tenant: QueryCaller) -> WebhookView | dict[str, Any]:
    """Return where events go; `{}` if nowhere was ever set."""
    webhook = here.services.webhooks.get(tenant.id)
    return {} if webhook is None else _view(webhook)


@router.put(
    "",
    response_model=WebhookView,
    summary="Set the webhook",
    openapi_extra={"requestBody": json_body(WebhookFields)},
    responses={**KEY_ANSWERS, **BODY_ANSWERS},
)
def put_webhook(here: Here, tenant: QueryCaller, body: JsonObject) -> WebhookView:
    """Set where events go; `enabled: false` holds them back."""
    wanted = validated(WebhookFields, body, under="body")
    try:
        here.services.post.check(wanted.url)
    except (SourceForbidden, SourceUnreachable) as error:
        complaint = {"type": "value_error", "loc": ("body", "url"), "msg": error.message, "input": wanted.url}
        raise InvalidRequest([complaint]) from error
    return _view(here.services.webhooks.put(tenant.id, url=wanted.url, enabled=wanted.enabled))


@router.post("/test", response_model=WebhookTest, summary="Send a test event", responses=TEST_ANSWERS)
def test_webhook(here: Here, tenant: QueryCaller) -> WebhookTest:
    """Send one signed event now and say what the receiver answered."""
    webhook = here.services.webhooks.get(tenant.id)
    if webhook is None:
        raise NotFound("No webhook is configured; set one with PUT /webhook.")
    now_s = time.time()
    body = {
        "event": "webhook.test",
        "video_id": str(uuid4()),
        "status": "success",
        "percentage": 100,
        "sequence": 1,
        "timestamp": timestamp(now_s),
    }
    try:
        answer = send_signed(here.services.post, webhook, body, message_id=f"msg_{body['video_id']}_1", time_s=now_s)
    except (SourceForbidden, SourceUnreachable) as error:
        return WebhookTest(delivered=False, status_code=None, latency_ms=None, error=error.message)
    problem = None if answer.is_taken else f"The receiver answered with status {answer.status}; 200 to 299 is wanted."
    return WebhookTest(
        delivered=answer.is_taken, status_code=answer.status, latency_ms=round(1000 * answer.took_s), error=problem
    )


def _view(webhook: Webhook) -> WebhookView:
    return WebhookView(url=webhook.url, enabled=webhook.enabled, updated_at=timestamp(webhook.updated_s), secret=webhook.secret)
