"""What a search should find, from pandas, scikit-learn and skorch alone, on the first split."""

from typing import Any

import numpy as np
import pandas as pd
import torch
from sklearn.compose import ColumnTransformer
from sklearn.impute import MissingIndicator, SimpleImputer
from sklearn.metrics import accuracy_score, balanced_accuracy_score, r2_score, roc_auc_score
from sklearn.model_selection import KFold, StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.utils.class_weight import compute_class_weight
from skorch import NeuralNetClassifier, NeuralNetRegressor
from skorch.callbacks import EarlyStopping
from skorch.dataset import ValidSplit
from torch import nn

from nets.network import PimaClassifier
from stages.lib.engine import fit_seed, seed_everything


def first_score(
    frame: pd.DataFrame,
    target: str,
    numbers: list[str],
    texts: list[str],
    params: dict[str, Any],
    candidate: dict[str, Any],
) -> float:
    """Return the score of a candidate without dropout on the first split.

    Parameters
    ----------
    frame : DataFrame
        The table as pandas reads it, all features of it numbers, booleans or texts.
    target : str
    numbers, texts : list of str
        The columns that are scaled, and those that are encoded.
    params : dict
        params.yaml.
    candidate : dict
        `lr` and `module__n_neurons`.
    """
    model, cv, seed = params["model"], params["cv"], params["seed"]
    classify = model["wrapper"] == "NeuralNetClassifier"
    y = frame[target].to_numpy()
    y = np.unique(y, return_inverse=True)[1] if classify else y.astype(np.float32)
    folds = (StratifiedKFold if classify else KFold)(cv["n_splits"], shuffle=True, random_state=fit_seed(seed, 0))
    train, test = next(folds.split(frame, y))

    lacking = [name for name in (*numbers, *texts) if frame[name].isna().any()]
    booleans = [name for name in frame.columns if frame[name].dtype == bool and name != target]
    encoder = OneHotEncoder(categories=[sorted_values(frame[name]) for name in texts], sparse_output=False)
    steps: list[Any] = [
        ("numbers", make_pipeline(SimpleImputer(strategy="median"), StandardScaler()), numbers),
        ("booleans", "passthrough", booleans),
        ("texts", encoder, texts),
    ]
    if params["prepare"]["indicator"]:
        steps.append(("lacking", MissingIndicator(features="all"), [name for name in frame.columns if name in lacking]))
    preparation = ColumnTransformer(steps)
    X_train = preparation.fit_transform(frame.iloc[train]).astype(np.float32)
    X_test = preparation.transform(frame.iloc[test]).astype(np.float32)

    options: dict[str, Any] = {
        "module": PimaClassifier,
        "module__n_inputs": X_train.shape[1],
        "module__n_neurons": candidate["module__n_neurons"],
        "module__output": nn.Identity,
        "optimizer": torch.optim.Adam,
        "lr": candidate["lr"],
        "max_epochs": model["max_epochs"],
        "batch_size": model["batch_size"],
        "iterator_train__shuffle": True,
        "train_split": ValidSplit(5, stratified=classify),
        "callbacks": [EarlyStopping(patience=10, load_best=True, sink=lambda text: None)],
        "verbose": 0,
    }
    seed_everything(fit_seed(seed, 0))
    if not classify:
        scaler = StandardScaler().fit(y[train].reshape(-1, 1).astype(np.float64))
        net = NeuralNetRegressor(criterion=nn.MSELoss, **options)
        net.fit(X_train, scaler.transform(y[train].reshape(-1, 1)).astype(np.float32))
        return float(r2_score(y[test], scaler.inverse_transform(net.predict(X_test))))
    if model["class_weight"]:
        weights = compute_class_weight("balanced", classes=np.unique(y), y=y[train])
        options["criterion__weight"] = torch.tensor(weights, dtype=torch.float32)
    net = NeuralNetClassifier(criterion=nn.CrossEntropyLoss, module__n_outputs=len(np.unique(y)), **options)
    net.fit(X_train, y[train].astype(np.int64))
    proba = net.predict_proba(X_test)
    if cv["scoring"] == "roc_auc":
        return float(roc_auc_score(y[test], proba[:, 1]))
    score = {"accuracy": accuracy_score, "balanced_accuracy": balanced_accuracy_score}[cv["scoring"]]
    return float(score(y[test], proba.argmax(axis=1)))


def sorted_values(column: pd.Series) -> list[Any]:
    """Return the categories of a column, in order, with NaN last if cells are missing."""
    return [*sorted(column.dropna().unique()), *([np.nan] if column.isna().any() else [])]
