"""The bytes of an XForm in; the plan that the field app's evaluator runs, or what it could not do, out.

The plan is JSON made once, at publishing, so that a tablet parses no XML and no XPath. `field/src/forms/form.js` reads
it. What stands where is told in `plan.py`.
"""

from __future__ import annotations

from khula.analysis.packs.device.plan import device_form, refusals
from khula.analysis.packs.device.refusals import FormNotForDevice, Refusal

__all__ = ["FormNotForDevice", "Refusal", "device_form", "refusals"]
