// SPDX-License-Identifier: Apache-2.0
// A storm of PUTs and DELETEs while nodes die: what was answered has been kept, what was cut may have
// been; and in the end each calendar holds what the API says, once.
import assert from 'node:assert/strict';
import { isDeepStrictEqual } from 'node:util';

import { onceAtATime, plain, PUSHED, quiet, readAll } from './pushing.mjs';
import { lookOf, seenOf } from './wanted.mjs';

const EVENTS = 6; // of each owner
const pick = (list) => list[Math.floor(Math.random() * list.length)];

export const nodeId = (node) =>
    [...node.log.matchAll(/event="service.started".* node="([\w-]+)"/g)].at(-1)[1];

// Into how many accounts this node writes, or wrote when it died.
export async function writesOf(world, id) {
    const sql = `select count(*) from account_work where substr(write_owner, 1, 12) = '${id}'`;
    return Number(await world.queryStore(sql));
}

export class Storm {
    writes = 0;
    #serial = 0;
    #wishes = new Map(); // by owner and event: [the values, or null, that may be wanted now]

    // all: what receives, perhaps some for one owner
    constructor(all) {
        this.all = all;
        this.world = all[0].world;
        this.owners = [...new Map(all.map((one) => [one.as, one])).values()];
    }

    slowDown(delay) {
        for (const { control } of this.owners) {
            control.fault({ path: '/events', delay, times: 100000, perhaps: true });
        }
    }

    calm() {
        for (const { control } of this.owners) control.calm();
    }

    // Wants something of each event of each owner, one after the other; nodes may die meanwhile.
    async blow({ nodes = this.world.nodes } = {}) {
        await Promise.all(
            this.owners.map(async (one) => {
                for (let n = 0; n < EVENTS; n++) await this.#want(one, `e${n}`, pick(nodes));
            }),
        );
    }

    async #want(one, id, at) {
        const key = `${one.as.headers['Caldock-User']} ${id}`;
        const before = this.#wishes.get(key) ?? [null];
        const isGone = Math.random() < 0.2;
        const title = `${id} ${++this.#serial}`; // no two wishes are alike
        const values = isGone ? null : { ...plain(Math.floor(Math.random() * 20)), title };
        const options = isGone ? { method: 'DELETE' } : { method: 'PUT', json: values };
        const asked = this.world.ask(`${PUSHED}/${id}`, { ...options, ...one.as, at });
        const answer = await asked.catch(() => undefined);
        const isTaken =
            [200, 201, 204].includes(answer?.status) || (isGone && answer?.status === 404);
        this.#wishes.set(key, isTaken ? [values] : [...before, values]);
    }

    // What was answered is there, and what was not answered may be.
    async learn({ at = this.world.caldock } = {}) {
        for (const one of this.owners) {
            for (let n = 0; n < EVENTS; n++) {
                const id = `e${n}`;
                const key = `${one.as.headers['Caldock-User']} ${id}`;
                const { status, body, text } = await this.world.ask(`${PUSHED}/${id}`, {
                    ...one.as,
                    at,
                });
                assert.ok([200, 404].includes(status), text);
                const may = this.#wishes.get(key) ?? [null];
                const isIt = (wish) =>
                    wish === null
                        ? status === 404
                        : wish.title === body.title && wish.start === body.start;
                const found = may.find(isIt);
                assert.notEqual(
                    found,
                    undefined,
                    `${key} is ${text}, wanted: ${JSON.stringify(may)}`,
                );
                this.#wishes.set(key, [found]);
            }
        }
    }

    // Nothing waits, and each calendar holds what is wanted.
    async judge() {
        await quiet(this.world, { hurries: true });
        await readAll(this.world);
        for (const control of new Set(this.owners.map((one) => one.control))) {
            this.writes += onceAtATime(control);
            control.log.length = 0;
        }
        for (const one of this.all) {
            const user = one.as.headers['Caldock-User'];
            const wanted = [...this.#wishes]
                .filter(([key, [wish]]) => key.startsWith(`${user} `) && wish)
                .map(([, [wish]]) => lookOf(wish));
            const byTitle = (a, b) => (a.words.title < b.words.title ? -1 : 1);
            const found = one.inside.map(seenOf).sort(byTitle);
            assert.ok(
                isDeepStrictEqual(found, wanted.sort(byTitle)),
                `${user} in ${one.code} ${one.key}: ${JSON.stringify(found)}, wanted: ${JSON.stringify(wanted)}`,
            );
        }
    }
}
