"""The kinds of failed DynamoDB requests. A kind is recognised by HTTP status and error code.

A load balancer or proxy in front of DynamoDB may send an HTTP response of its own, with any body.
If a response has no error code of DynamoDB, only the HTTP status determines the kind. The texts of
error messages are not evaluated.
"""

from enum import Enum, auto
from socket import gaierror
from typing import Any

from aiohttp import ClientConnectorError
from botocore.exceptions import (
    ClientError,
    ConnectTimeoutError,
    CredentialRetrievalError,
    EndpointConnectionError,
    NoCredentialsError,
    PartialCredentialsError,
    SSOError,
    TokenRetrievalError,
)

_SERVER_ERROR = 500
# HTTP statuses Too Early and Too Many Requests: the server did not process the request.
_NOT_APPLIED_STATUSES = frozenset({425, 429})
_REQUEST_TIMEOUT = 408
_CREDENTIAL_STATUSES = frozenset({401, 403, 407})

_NOT_APPLIED_CODES = frozenset(
    {
        "LimitExceededException",
        "ProvisionedThroughputExceededException",
        "ReplicatedWriteConflictException",
        "RequestLimitExceeded",
        "ThrottledException",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
        "TransactionConflictException",
        "TransactionInProgressException",
    }
)
_UNCERTAIN_CODES = frozenset(
    {
        "InternalFailure",
        "InternalServerError",
        "RequestTimeout",
        "RequestTimeoutException",
        "ServiceUnavailable",
        "ServiceUnavailableException",
    }
)
# DynamoDB rejects credentials with status 400.
_CREDENTIAL_CODES = frozenset(
    {
        "AccessDenied",
        "AccessDeniedException",
        "ExpiredToken",
        "ExpiredTokenException",
        "IncompleteSignature",
        "IncompleteSignatureException",
        "InvalidAccessKeyId",
        "InvalidClientTokenId",
        "InvalidSignatureException",
        "MissingAuthenticationToken",
        "MissingAuthenticationTokenException",
        "NotAuthorized",
        "OptInRequired",
        "RequestExpired",
        "SignatureDoesNotMatch",
        "UnrecognizedClientException",
    }
)
_CREDENTIAL_ERRORS = (
    NoCredentialsError,
    CredentialRetrievalError,
    PartialCredentialsError,
    SSOError,
    TokenRetrievalError,
)

# The codes of the reasons of a cancelled transaction.
_NO_REASON = "None"
_FAILED_CONDITION = "ConditionalCheckFailed"
_REFUSED_REASONS = frozenset(
    {"TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"}
)


class Failure(Enum):
    """The kind of a failed request."""

    NOT_APPLIED = auto()  # the request was not applied and may be sent again
    UNCERTAIN = auto()  # the request may have been applied
    CONDITION = auto()
    TRANSACTION = auto()
    NO_TABLE = auto()
    NO_CREDENTIALS = auto()
    REJECTED_CREDENTIALS = auto()
    FOREIGN = auto()  # the response came from a server other than DynamoDB
    DEFECT = auto()  # the request is not valid, because of a defect in this program


_FAILURES = {
    "ConditionalCheckFailedException": Failure.CONDITION,
    "ResourceNotFoundException": Failure.NO_TABLE,
}


def recognise(error: Exception) -> Failure:
    """Return the kind of a failed request. `error` is an error of botocore or a time-out."""
    if isinstance(error, ClientError):
        return _recognise_response(error)
    if isinstance(error, _CREDENTIAL_ERRORS):
        return Failure.NO_CREDENTIALS
    return Failure.NOT_APPLIED if _was_never_sent(error) else Failure.UNCERTAIN


def _was_never_sent(error: Exception) -> bool:
    # An EndpointConnectionError can also mean a connection that was reset after sending the
    # request.
    cause = getattr(error, "kwargs", {}).get("error")
    return isinstance(error, ConnectTimeoutError) or (
        isinstance(error, EndpointConnectionError)
        and isinstance(cause, ClientConnectorError | gaierror)
    )


def _recognise_response(error: ClientError) -> Failure:
    code = error.response["Error"]["Code"]
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    if status >= _SERVER_ERROR or status == _REQUEST_TIMEOUT or code in _UNCERTAIN_CODES:
        return Failure.UNCERTAIN
    if status in _NOT_APPLIED_STATUSES or code in _NOT_APPLIED_CODES:
        return Failure.NOT_APPLIED
    if status in _CREDENTIAL_STATUSES or code in _CREDENTIAL_CODES:
        return Failure.REJECTED_CREDENTIALS
    if code == "TransactionCanceledException":
        return _recognise_cancellation(error)
    # If a response has no error code of DynamoDB, the parser uses the HTTP status as the code.
    is_foreign = code in {str(status), ""}
    return Failure.FOREIGN if is_foreign else _FAILURES.get(code, Failure.DEFECT)


def _recognise_cancellation(error: ClientError) -> Failure:
    # If an action conflicts with another transaction, DynamoDB does not evaluate all conditions. So
    # the request is retried even if a condition failed.
    codes = {reason.get("Code") for reason in cancellation_reasons(error)} - {_NO_REASON}
    if not codes or not codes.isdisjoint(_REFUSED_REASONS):
        return Failure.NOT_APPLIED
    # Any other reason, such as a too large item, is not the failure of a condition.
    return Failure.TRANSACTION if codes == {_FAILED_CONDITION} else Failure.DEFECT


def cancellation_reasons(error: ClientError) -> list[dict[str, Any]]:
    """Return the reasons of a cancelled transaction, one per action in the order of the actions."""
    reasons: Any = error.response.get("CancellationReasons", ())
    return list(reasons)
