"""A variational net: its latent keeps where things are, and a face can be drawn from it again."""

from __future__ import annotations

import itertools
from typing import ClassVar, Literal

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional

from evenface.models.nets._mbconv import classifier
from evenface.models.nets._net import Net, NetOptions
from evenface.models.nets.residual import Block, norm, squares


class VAEOptions(NetOptions):
    """Settings of `VAE`.

    Attributes:
        kind: `vae`.
        widths: Channels of the encoder's stages; the first works on squares of 2 x 2 pixels, each other one halves
            rows and columns again. Multiples of 32 are fast.
        latent: Channels of the latent.
        grid: Rows and columns of the latent. Faces of `grid * 2 ** len(widths)` pixels fit it exactly; features of
            others are averaged to it. What a latent of many numbers tells is hard to take out with few faces.
        drawing: Channels of the decoder, on the latent's grid and after each doubling but the last; each doubling
            makes a face twice as large, so it draws `grid * 2 ** len(drawing)` pixels.
        head: Channels of the classifier.
        blocks: MBConv blocks of the classifier.
        dropout: Share of the classifier's features that is dropped in training.
        attributes: Number of levels of each attribute that the decoder is told. A mitigation that has attributes sets
            it; empty: the decoder is told nothing.
    """

    kind: Literal["vae"] = "vae"
    widths: tuple[int, ...] = Field(default=(32, 64, 128), min_length=1)
    latent: int = Field(default=16, ge=1)
    grid: int = Field(default=2, ge=1)
    drawing: tuple[int, ...] = Field(default=(96, 64, 48, 32), min_length=1)
    head: int = Field(default=64, ge=8)
    blocks: int = Field(default=2, ge=0)
    dropout: float = Field(default=0.2, ge=0, lt=1)
    attributes: tuple[int, ...] = ()


class VAE(Net):
    """Variational autoencoder (Kingma & Welling, arXiv:1312.6114) with a classifier of MBConv blocks on its latent.

    One encoder for all groups, a spatial latent, a decoder, and a classifier of MBConv blocks are the parts of Rizvi et
    al., arXiv:2410.19444; sizes, widths and what the decoder is told are our reconstruction. Each position of the
    latent holds means and variances of `latent` normal numbers. The latent that others see is the mean, flattened:
    channel, row, column.
    """

    Options: ClassVar[type[NetOptions]] = VAEOptions
    options: VAEOptions

    def __init__(self, classes: int, options: VAEOptions) -> None:
        super().__init__()
        self.options, self.classes = options, classes
        self.width = options.latent * options.grid**2
        widths = options.widths
        # Squares of pixels become channels, since filters at full size would take most of the time.
        self.stem = nn.Sequential(nn.Conv2d(12, widths[0], 3, padding=1, bias=False), norm(widths[0]), nn.ReLU())
        self.stages = nn.Sequential(
            Block(widths[0], widths[0], stride=1),
            *(Block(before, width, stride=2) for before, width in itertools.pairwise(widths)),
        )
        self.moments = nn.Conv2d(widths[-1], 2 * options.latent, 1)
        self.head = classifier(options.latent, options.head, options.blocks, options.dropout, classes)
        self.drawer = _Drawer(options)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
        nn.init.xavier_normal_(self.moments.weight)

    def distribution(self, pixels: Tensor) -> tuple[Tensor, Tensor]:
        """Give mean and logarithm of the variance, each (face, latent), for faces (face, 3, row, column) in [0, 1]."""
        features = self.stages(self.stem(squares((pixels - 0.5) * 4.0, 2)))
        features = functional.adaptive_avg_pool2d(features, self.options.grid)
        mean, log_variance = self.moments(features).float().chunk(2, 1)
        # Between -8 and 2, bounded smoothly and -3 at first, so that no sample can run away.
        return mean.flatten(1), 5 * torch.tanh(log_variance.flatten(1) / 5) - 3

    def encode(self, pixels: Tensor) -> Tensor:
        """Bring faces, (face, 3, row, column) in [0, 1], to latents (face, latent): the means."""
        return self.distribution(pixels)[0]

    def classify(self, latents: Tensor) -> Tensor:
        """Give scores (face, class), not normalised (logits), for latents (face, latent)."""
        scores: Tensor = self.head(self._spatial(latents))
        return scores

    def decode(self, latents: Tensor, conditions: Tensor | None = None) -> Tensor:
        """Draw faces.

        Args:
            latents: (face, latent).
            conditions: (face, attribute) level of each attribute of `options.attributes`, -1 where it is not known;
                None: none is known.

        Returns:
            (face, 3, row, column) in [0, 1], of `grid * 2 ** len(drawing)` rows and columns.
        """
        if conditions is None:
            conditions = latents.new_full((len(latents), len(self.options.attributes)), -1, dtype=torch.long)
        drawn: Tensor = self.drawer(self._spatial(latents), conditions)
        return drawn

    def _spatial(self, latents: Tensor) -> Tensor:
        grid = self.options.grid
        spatial = latents.view(len(latents), self.options.latent, grid, grid)
        return spatial.contiguous(memory_format=torch.channels_last)


class _Drawer(nn.Module):
    """From latent and attributes to a face: what is told scales and shifts the channels of every stage.

    Perez et al., arXiv:1709.07871. Put beside the latent alone, an attribute is overlooked.
    """

    def __init__(self, options: VAEOptions) -> None:
        super().__init__()
        widths = options.drawing
        befores = (options.latent, *widths[:-1])
        self.filters = nn.ModuleList(
            nn.Sequential(nn.Conv2d(before, width, 3, 1, 1, bias=False), norm(width))
            for before, width in zip(befores, widths, strict=True)
        )
        self.levels = nn.ModuleList(nn.Embedding(count, 2 * sum(widths)) for count in options.attributes)
        for level in self.levels:
            nn.init.normal_(level.weight, std=0.1)  # type: ignore[arg-type]
        self.pixels = nn.Sequential(nn.Conv2d(widths[-1], 12, 3, 1, 1), nn.PixelShuffle(2), nn.Sigmoid())

    def forward(self, drawn: Tensor, conditions: Tensor) -> Tensor:
        told = self._told(conditions)
        for number, filters in enumerate(self.filters):
            drawn = filters(_doubled(drawn) if number else drawn)
            if told:
                scale, shift = told[number].to(drawn.dtype)[:, :, None, None].chunk(2, 1)
                drawn = torch.addcmul(shift, drawn, 1 + scale)
            drawn = functional.relu(drawn, inplace=True)
        face: Tensor = self.pixels(drawn)
        return face

    def _told(self, conditions: Tensor) -> tuple[Tensor, ...]:
        """For each stage scales and shifts of its channels; nothing where no attribute is told."""
        parts = []
        for i, level in enumerate(self.levels):
            # What is not known is drawn as the mean of all levels.
            weight: Tensor = level.weight  # type: ignore[assignment]
            parts.append(torch.cat([weight.mean(0, keepdim=True), weight])[conditions[:, i] + 1])
        widths = [2 * filters[1].num_features for filters in self.filters]  # type: ignore[index]
        return torch.split(torch.stack(parts).sum(0), widths, 1) if parts else ()


def _doubled(drawn: Tensor) -> Tensor:
    """Make each place four, in the precision it has: autocast would go to float32 and back for what is only copied."""
    with torch.autocast(drawn.device.type, enabled=False):
        return functional.interpolate(drawn, scale_factor=2.0)
