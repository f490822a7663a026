"""What a training run is asked to do: the TOML files in `configs/`. docs/TRAINING.md lists every key."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, SerializeAsAny, field_validator, model_validator

from evenface.core.config import Settings, options_of
from evenface.core.errors import UnknownNameError
from evenface.datasets import DATASETS
from evenface.mitigation import MITIGATIONS
from evenface.models.nets import NETS
from evenface.training import SELECTION_RULES

AnyNet = Annotated[SerializeAsAny[Settings], BeforeValidator(options_of(NETS))]
AnyMitigation = Annotated[SerializeAsAny[Settings], BeforeValidator(options_of(MITIGATIONS))]
Share = Annotated[float, Field(ge=0, le=1)]


class DataSettings(Settings):
    """Which faces are learnt from, and as what.

    Attributes:
        manifest: A manifest, or a folder that holds `manifest.parquet`; None where `dataset` and `root` say it.
        dataset: Name in the table of data sets: `root` is laid out as its authors hand it out.
        root: Folder or archive of `dataset`.
        size: Width and height that faces are brought to, in pixels.
        detector: What finds and aligns the face in each picture, a name in the table of detectors; None: pictures are
            aligned faces already.
        targets: `label`: the label of each face; `votes`: the shares of its votes (columns `votes:<class>`).
        groups: Attributes whose crossings are the groups.
        continuous: Columns of the manifest that are numbers, for methods that align with an age in years or a place on
            a scale of skin tones rather than with groups.
        validation_share: Share of the training persons that is set aside where the manifest has no validation faces.
        cache: Folder for the decoded faces; None: `cache` in the folder of all runs.
    """

    manifest: str | None = None
    dataset: str | None = None
    root: str | None = None
    size: int = Field(default=48, ge=16, le=512)
    detector: str | None = None
    targets: Literal["label", "votes"] = "label"
    groups: tuple[str, ...] = ()
    continuous: tuple[str, ...] = ()
    validation_share: float = Field(default=0.1, gt=0, lt=1)
    cache: str | None = None

    @model_validator(mode="after")
    def _one_source(self) -> DataSettings:
        if (self.manifest is None) == (self.root is None) or (self.dataset is None) != (self.root is None):
            raise ValueError("needs either manifest, or dataset and root: a data set's name and where it is")
        if self.dataset is not None:
            try:
                DATASETS.target(self.dataset)
            except UnknownNameError as error:
                raise ValueError(str(error)) from error
        return self


class AugmentSettings(Settings):
    """How training faces are changed, each time anew.

    Attributes:
        flip: Share that is mirrored.
        rotate: At most so many degrees either way.
        scale: Size is changed by a factor between 1 - scale and 1 + scale.
        shift: Moved by at most this share of the width, in both directions.
        gamma: Brightness curve: power between exp(-gamma) and exp(gamma).
        contrast: Contrast and brightness are changed by at most this share.
        grey: Share that loses its colours.
        blur: Share that is blurred.
        noise: Largest standard deviation of added noise, where 1 is white; each face has its own.
        erase: Share in which a rectangle is filled with grey.
    """

    flip: Share = 0.5
    rotate: float = Field(default=10.0, ge=0, le=180)
    scale: float = Field(default=0.1, ge=0, lt=1)
    shift: Share = 0.06
    gamma: float = Field(default=0.3, ge=0, le=3)
    contrast: float = Field(default=0.2, ge=0, lt=1)
    grey: Share = 0.1
    blur: Share = 0.1
    noise: Share = 0.03
    erase: Share = 0.25


class OptimiserSettings(Settings):
    """How weights are moved.

    Attributes:
        kind: `adamw` (Loshchilov & Hutter, arXiv:1711.05101) or `sgd` with Nesterov's momentum.
        rate: Highest learning rate.
        weight_decay: Of matrices and filters; normalisations and biases do not decay.
        momentum: Of `sgd`.
        schedule: `cosine`: a rise, then a cosine down to 0; `one_cycle`: up and down by cosines (Smith,
            arXiv:1803.09820), which starts and peaks later; `constant`: a rise, then level.
        warm_up: Share of all steps until the highest rate is reached.
        clip: Gradients longer than this are shortened to it; 0: never.
        ema: Kept weights are a moving average, of which this share stays at each step; 0: the weights as they are.
    """

    kind: Literal["adamw", "sgd"] = "adamw"
    rate: float = Field(default=2e-3, gt=0)
    weight_decay: float = Field(default=0.05, ge=0)
    momentum: float = Field(default=0.9, ge=0, lt=1)
    schedule: Literal["cosine", "one_cycle", "constant"] = "cosine"
    warm_up: Share = 0.05
    clip: float = Field(default=1.0, ge=0)
    ema: float = Field(default=0.998, ge=0, lt=1)


class SelectionSettings(Settings):
    """Which epoch's weights are kept.

    Attributes:
        rule: Name in the table of selection rules.
        also: Other rules, whose chosen epochs are kept beside it: each has its own weights, predictions and result in a
            folder of its name within the run's. What they choose is known from the same training.
        patience: Training stops after so many epochs that were no better than the best; 0: never.
    """

    rule: str = "mean_validation"
    also: tuple[str, ...] = ()
    patience: int = Field(default=0, ge=0)

    @field_validator("rule", "also")
    @classmethod
    def _known(cls, given: str | tuple[str, ...]) -> str | tuple[str, ...]:
        try:
            for rule in (given,) if isinstance(given, str) else given:
                SELECTION_RULES.target(rule)
        except UnknownNameError as error:
            raise ValueError(str(error)) from error
        return given

    @property
    def rules(self) -> tuple[str, ...]:
        """All rules, the run's own first."""
        return tuple(dict.fromkeys((self.rule, *self.also)))


class DeviceSettings(Settings):
    """On what a run is computed.

    Attributes:
        accelerator: `auto` takes a GPU if there is one.
        devices: Devices per machine.
        nodes: Machines; start the same command on each with `torchrun` or a scheduler.
        precision: `fp32`, or `bf16`: multiplications in bfloat16, weights in float32; `auto`: the latter, where the
            device has instructions for it.
        threads: Of the processor; 0: as torch chooses. The same number gives the same bits.
    """

    accelerator: Literal["auto", "cpu", "gpu"] = "auto"
    devices: int = Field(default=1, ge=1)
    nodes: int = Field(default=1, ge=1)
    precision: Literal["auto", "bf16", "fp32"] = "auto"
    threads: int = Field(default=0, ge=0)


class TrainSettings(Settings):
    """What a run is asked to do.

    Attributes:
        name: Of the run; its folder is `<out>/<name>-seed<seed>`.
        seeds: One run for each.
        out: Folder of all runs.
        epochs: Times that as many faces as there are to learn from are gone through.
        batch: Faces in a step, over all devices.
        label_smoothing: Share of each target that is spread over all classes.
        balance: `none`; `loss`: faces of rare classes weigh more; `sampling`: they are drawn more often. Both in
            proportion to one over the number of faces of the class.
        flip_at_test: Whether scores are the mean over each face and its mirror image.
        checkpoint_seconds: Time between checkpoints; there is one after each epoch too.
        tensorboard: Whether the history is also written as TensorBoard's event files.
        data, net, mitigation, augment, optimiser, selection, device: See there.
    """

    name: str = Field(default="run", pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")
    seeds: tuple[int, ...] = Field(default=(0,), min_length=1)
    out: str = "runs"
    epochs: int = Field(default=20, ge=1)
    batch: int = Field(default=128, ge=2)
    label_smoothing: float = Field(default=0.0, ge=0, lt=1)
    balance: Literal["none", "loss", "sampling"] = "none"
    flip_at_test: bool = True
    checkpoint_seconds: float = Field(default=60.0, ge=0)
    tensorboard: bool = False
    data: DataSettings
    net: AnyNet = Field(default="residual", validate_default=True)
    mitigation: AnyMitigation = Field(default="erm", validate_default=True)
    augment: AugmentSettings = AugmentSettings()
    optimiser: OptimiserSettings = OptimiserSettings()
    selection: SelectionSettings = SelectionSettings()
    device: DeviceSettings = DeviceSettings()

    @field_validator("seeds")
    @classmethod
    def _sound(cls, seeds: tuple[int, ...]) -> tuple[int, ...]:
        if len(set(seeds)) < len(seeds) or min(seeds) < 0:
            raise ValueError("must be different numbers from 0 up")
        return seeds
