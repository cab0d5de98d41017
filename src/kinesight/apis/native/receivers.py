"""Routes of the standing receivers: who gets the result of every alarm clip, until further notice."""

from __future__ import annotations

import time
import uuid
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from pydantic import Field, StrictBool

from kinesight.apis.edge.authentication import Caller
from kinesight.apis.edge.context import Context, Here
from kinesight.apis.edge.failures import InvalidRequest, route_class
from kinesight.apis.edge.strict_json import MAX_JSON_BYTES, read_json_object
from kinesight.apis.edge.times import timestamp
from kinesight.apis.edge.upload import received_json
from kinesight.apis.edge.validation import known_id, validated
from kinesight.apis.native.errors import DIALECT
from kinesight.apis.native.openapi import ERRORS, errors
from kinesight.apis.native.schemas import Wire
from kinesight.domain.errors import NotFound, SourceForbidden, SourceUnreachable
from kinesight.domain.webhooks import Receiver, Webhook
from kinesight.jobs.deliverer import send_signed

router = APIRouter(prefix="/v1/webhooks", tags=["native"], route_class=route_class(DIALECT), responses=ERRORS)


class ReceiverFields(Wire):
    """Where results are sent, and whether they are."""

    url: str = Field(min_length=1, max_length=2048, examples=["https://monitoring.example.com/kinesight"])
    enabled: StrictBool = True


class ReceiverView(ReceiverFields):
    """A receiver; `secret` is what it checks signatures with."""

    id: str
    secret: str
    created_at: str
    updated_at: str


class ReceiverList(Wire):
    """Every receiver, oldest first; `call_secret` signs what goes to addresses that single calls gave (`?webhook=`)."""

    webhooks: tuple[ReceiverView, ...]
    call_secret: str


class Delivery(Wire):
    """What came of a test message; `status_code` is null where no answer came, `error` says why."""

    delivered: bool
    status_code: int | None
    latency_ms: int | None
    error: str | None


async def json_object(request: Request) -> dict[str, Any]:
    """Return the JSON object in a request's body. Raises `BadParameter`."""
    return read_json_object(await received_json(request, max_bytes=MAX_JSON_BYTES), what="The body")


JsonObject = Annotated[dict[str, Any], Depends(json_object)]
BODY = {"requestBody": {"required": True, "content": {"application/json": {"schema": ReceiverFields.model_json_schema()}}}}


@router.get("", response_model=ReceiverList, summary="Who gets the results of alarm clips")
def list_receivers(here: Here, tenant: Caller) -> ReceiverList:
    """Return your receivers."""
    found = here.services.receivers.all(tenant.id)
    return ReceiverList(webhooks=tuple(map(_view, found)), call_secret=here.services.receivers.call_secret(tenant.id))


@router.post(
    "", status_code=201, response_model=ReceiverView, summary="Add a receiver", openapi_extra=BODY, responses=errors(409, 422)
)
def add_receiver(here: Here, tenant: Caller, body: JsonObject) -> ReceiverView:
    """Add somebody who gets every result from now on."""
    wanted = _checked(here, body)
    return _view(here.services.receivers.add(tenant.id, url=wanted.url, enabled=wanted.enabled))


@router.put(
    "/{webhook_id}", response_model=ReceiverView, summary="Change a receiver", openapi_extra=BODY, responses=errors(404, 422)
)
def change_receiver(here: Here, tenant: Caller, webhook_id: str, body: JsonObject) -> ReceiverView:
    """Set the address; while it is not enabled, results wait for a day."""
    wanted = _checked(here, body)
    return _view(here.services.receivers.change(tenant.id, known_id(webhook_id), url=wanted.url, enabled=wanted.enabled))


@router.delete("/{webhook_id}", status_code=204, summary="Remove a receiver", responses=errors(404))
def remove_receiver(here: Here, tenant: Caller, webhook_id: str) -> None:
    """Forget a receiver and what waits for it."""
    here.services.receivers.remove(tenant.id, known_id(webhook_id))


@router.post("/{webhook_id}/test", response_model=Delivery, summary="Send a test message", responses=errors(404))
def test_receiver(here: Here, tenant: Caller, webhook_id: str) -> Delivery:
    """Send one signed message now, also to a receiver that is not enabled, and say what it answered."""
    found = [one for one in here.services.receivers.all(tenant.id) if one.id == known_id(webhook_id)]
    if not found:
        raise NotFound("There is no receiver with this id.")
    return _delivery(here, found[0])


def _delivery(here: Context, receiver: Receiver) -> Delivery:
    now_s = time.time()
    webhook = Webhook(url=receiver.url, enabled=True, secret=receiver.secret, updated_s=receiver.updated_s)
    body = {"event": "webhook.test", "webhook_id": receiver.id, "timestamp": timestamp(now_s)}
    try:
        answer = send_signed(here.services.post, webhook, body, message_id=f"msg_test_{uuid.uuid4()}", time_s=now_s)
    except (SourceForbidden, SourceUnreachable) as error:
        return Delivery(delivered=False, status_code=None, latency_ms=None, error=error.message)
    problem = None if answer.is_taken else f"The receiver answered with status {answer.status}; 200 to 299 is wanted."
    return Delivery(delivered=answer.is_taken, status_code=answer.status, latency_ms=round(1000 * answer.took_s), error=problem)


def _checked(here: Context, body: dict[str, Any]) -> ReceiverFields:
    wanted = validated(ReceiverFields, body, under="body")
    try:
        here.services.post.check(wanted.url)
    except (SourceForbidden, SourceUnreachable) as error:
        complaint = {"type": "value_error", "loc": ("body", "url"), "msg": error.message, "input": wanted.url}
        raise InvalidRequest([complaint]) from error
    return wanted


def _view(receiver: Receiver) -> ReceiverView:
    return ReceiverView(
        id=receiver.id,
        url=receiver.url,
        enabled=receiver.enabled,
        secret=receiver.secret,
        created_at=timestamp(receiver.created_s),
        updated_at=timestamp(receiver.updated_s),
    )
