"""Two images in, a 4D asset out: the method in seven sentences."""

from tween4d.config import Config
from tween4d.data.asset import Asset4D
from tween4d.data.images import Keyframes
from tween4d.priors.protocols import Priors
from tween4d.stages.deform import fit_motion
from tween4d.stages.fragment import select_fragments
from tween4d.stages.guide import imagine_motion
from tween4d.stages.matte import matte_images
from tween4d.stages.merge import merge_clips
from tween4d.stages.reconstruct import reconstruct_keyframes
from tween4d.stages.views import imagine_views
from tween4d.steps import Step, run


def inbetween(
    images: Keyframes, priors: Priors, config: Config = Config(), *, seed: int = 0, step: Step = run
) -> Asset4D:
    """Imagine the motion between two pictures of an object and give it a 4D body.

    Source: the stages of In-2-4D (arXiv:2504.08366, Sec. 3).

    Args:
        images: start and end state, equal size, one camera.
        priors: what fills in what the pictures do not show; embedded, pretrained or the user's own.
        config: one frozen config per stage.
        seed: same inputs, config and seed give the same asset on one machine and thread count.
        step: how a stage is called; wrappers add progress, caching, timing and previews.
    Returns:
        The asset; from the input camera it shows `images.start` at time 0 and `images.end` at time 1, in place.
    Raises:
        ObjectNotFoundError: from matting, when a picture holds no object.
    """
    matted = step(matte_images, images, priors.matter, config.matte)
    guide = step(imagine_motion, matted, priors.inbetweener, config.guide, seed=seed)
    plan = step(select_fragments, guide, priors.inbetweener, config.fragment, seed=seed, features=priors.features)
    views = step(imagine_views, plan, priors.multiview, config.views, seed=seed)
    canonical = step(reconstruct_keyframes, views, config.reconstruct)
    clips = step(fit_motion, canonical, plan, views, config.deform)
    return step(merge_clips, clips, plan, views, config.merge)
