"""Models as files: the kept net and the answer, written as ONNX, checked when they are read, and predicted with.

Imports `export`, `model`, `data`, `config`, `engine` and `common`.
"""

from stages.lib.export.card import Card
from stages.lib.export.exported import kind_of
from stages.lib.handover.aside.notices import notices
from stages.lib.handover.model_file import (
    Model,
    file_of,
    large_file,
    load_model,
    predict,
    save_model,
)
from stages.lib.handover.sets import refuse_sets, sets_of
from stages.lib.results.files import ANSWER_FILE, MODEL_FILE
