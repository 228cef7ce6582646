// The task page. Each module does one thing; they speak through the page and the event "clarify:swapped".

import "./timer.js";
import "./pictures.js";
import "./links.js";
import "./phrase.js";
import "./handle.js";
import "./suggestions.js";
