"""Models as files: the kept net and the answer, written as ONNX, checked when they are read, and predicted with.

Imports `export`, `model`, `data`, `config`, `engine` and `common`.
"""

from gridstage.export.card import Card
from gridstage.export.exported import kind_of
from gridstage.handover.aside.notices import notices
from gridstage.handover.model_file import (
    Model,
    file_of,
    large_file,
    load_model,
    predict,
    save_model,
)
from gridstage.handover.sets import refuse_sets, sets_of
from gridstage.results.files import ANSWER_FILE, MODEL_FILE
