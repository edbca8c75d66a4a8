"""What the OpenAPI document promises, over hundreds of requests of each operation: in the long form of the drills."""

from tests.integration.api import test_contract

if test_contract.IS_LONG:
    _say_how_many = test_contract._say_how_many
    world = test_contract.world
    test_every_answer_is_as_the_schema_says = test_contract.test_every_answer_is_as_the_schema_says
