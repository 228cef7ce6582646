// The three functions that vega-interpreter.js takes from vega-util, which vega.js brings: browsers know no bare "vega-util".
import "./vega.js";

export const { ascending, isString, DisallowedObjectProperties } = globalThis.vega;
