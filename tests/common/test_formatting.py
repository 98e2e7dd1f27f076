"""Settings as text."""

from stages.lib.common import format_params, short_params


def test_settings_are_written_as_in_params_yaml() -> None:
    settings = {"a": 1e-05, "b": None, "c": True, "d": "Adamax", "e": 2.0, "f": 10}
    assert format_params(settings) == "a=1e-05, b=null, c=true, d=Adamax, e=2.0, f=10"


def test_settings_are_shown_without_the_part_of_the_net() -> None:
    written = "lr=0.1, module__weight_init=kaiming_uniform_, optimizer__betas=[0.9, 0.99], module=my__nets.Deep"
    assert short_params(written) == "lr=0.1, weight_init=kaiming_uniform_, betas=[0.9, 0.99], module=my__nets.Deep"
