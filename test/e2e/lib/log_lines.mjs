// SPDX-License-Identifier: Apache-2.0
// Lines of the service's log (docs/log.md).

// A line of either format → its fields. Without JSON all of them are text.
export function fieldsOf(line) {
    if (line.startsWith('{')) return JSON.parse(line);
    const pairs = [...line.matchAll(/([a-z_]+)=("(?:[^"\\]|\\.)*")/g)];
    return Object.fromEntries(pairs.map(([, key, value]) => [key, JSON.parse(value)]));
}
