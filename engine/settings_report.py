"""The settings in force as they may be shown: every one, and no secret."""

from pydantic import BaseModel, ConfigDict, SecretStr

from engine.settings import PREFIX, Settings

HIDDEN = "********"


class EffectiveSetting(BaseModel):
    """One setting of the instance.

    Attributes:
        name: Of the variable that sets it.
        value: As it would be written there, empty when unset; a secret is masked.
        is_set: Whether somebody set it; otherwise it has its default.
    """

    model_config = ConfigDict(frozen=True)

    name: str
    value: str
    is_set: bool
    description: str


def effective_settings(settings: Settings) -> tuple[EffectiveSetting, ...]:
    """Every setting, in the order of the documentation, then the connections."""
    fields = {
        name: field.description or ""
        for name, field in Settings.model_fields.items()
        if name != "environment_connections"
    }
    return (
        *(
            EffectiveSetting(
                name=PREFIX + name.upper(),
                value=_shown(getattr(settings, name)),
                is_set=name in settings.model_fields_set,
                description=description,
            )
            for name, description in fields.items()
        ),
        *(
            EffectiveSetting(
                name=f"{PREFIX}CONNECTION_{name.upper().replace('-', '_')}",
                value=HIDDEN,
                is_set=True,
                description=f"The target of the connection {name!r}.",
            )
            for name in settings.environment_connections
        ),
    )


def _shown(value: object) -> str:
    if isinstance(value, SecretStr):
        return HIDDEN
    if isinstance(value, tuple):
        return ",".join(str(each) for each in value)
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else str(value)
