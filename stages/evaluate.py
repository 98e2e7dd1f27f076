"""Stage `evaluate`: answers what to use, by scores on splits that no search has seen; saves the answer and the net."""

from gridstage.common import run, write_text
from gridstage.config import load_params
from gridstage.data import Unchanged
from gridstage.evaluate import contents_of, fit_saved, judge, save, see
from gridstage.results import Results, remove_others
from gridstage.search import EVALUATION, forget
from gridstage.told import print_evaluation


def main() -> None:
    params, results = load_params(), Results()
    file = Unchanged(params.data.path)
    judged = judge(params, results)
    seen = see(judged, results)
    # The last steps that can fail: what is written goes with the models.
    contents = contents_of(judged, seen, results)
    fitted = fit_saved(judged, seen)
    file.check()

    for path, content in contents.items():
        write_text(path, content)
    remove_others("metrics/scores", contents)
    saved = save(judged, seen, fitted)
    forget(EVALUATION)
    print_evaluation(results, params, judged.answer, judged.n_splits, saved)


if __name__ == "__main__":
    run(main)
