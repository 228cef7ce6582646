// The task page. Each module does one thing; they speak through the page and the event "clarify:swapped".

import "./timer.js";
import "./pictures.js";
import "./scene.js";
import "./links.js";
import "./phrase.js";
import "./done.js";
import "./handle.js";
import "./suggestions.js";
