"""What can be wrong with a token, or on the way to one."""

from app.core.exceptions import UnauthorizedError, UnavailableError


class InvalidCredentialsError(UnauthorizedError):
    code = "invalid-credentials"
    message = "The e-mail address or the password is wrong."


class InvalidTokenError(UnauthorizedError):
    code = "invalid-token"
    message = "The token is missing, unknown or expired."


class TokensUnavailableError(UnavailableError):
    code = "tokens-unavailable"
    message = "Tokens cannot be looked up at the moment: try again later."
