// SPDX-License-Identifier: Apache-2.0
// Programs that answer one question after the other as long as they are asked: to start one for each
// question would take more than all that most tests do.
import { spawn } from 'node:child_process';
import readline from 'node:readline';

export class Teller {
    #waiting = []; // [{resolve, reject}], in the order of the questions
    #lines = []; // of the answer that comes
    #why = 'it ended';

    // isEnd: whether a line is the last one of an answer. The program must not buffer its lines.
    constructor(command, args, isEnd) {
        this.isEnd = isEnd;
        this.child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] });
        this.child.on('error', (error) => (this.#why = error.message));
        this.child.stdin.on('error', () => {}); // 'close' tells of it
        this.child.once('close', () => this.#fail());
        const lines = readline.createInterface({ input: this.child.stdout });
        lines.on('line', (line) => this.#hear(line));
        this.#hold(false);
    }

    // Whether the process of the tests waits for it.
    #hold(isHeld) {
        const { child } = this;
        const way = isHeld ? 'ref' : 'unref';
        for (const part of [child, child.stdin, child.stdout]) part[way]();
    }

    #hear(line) {
        this.#lines.push(line);
        if (!this.isEnd(line)) return;
        const lines = this.#lines.splice(0);
        this.#waiting.shift()?.resolve(lines);
        if (this.#waiting.length === 0) this.#hold(false);
    }

    #fail() {
        this.hasEnded = true;
        const said = this.#lines.join('\n');
        const error = new Error(`${this.child.spawnfile}: ${this.#why}: ${said}`);
        for (const { reject } of this.#waiting.splice(0)) reject(error);
    }

    // → the lines of the answer
    ask(text) {
        return new Promise((resolve, reject) => {
            this.#waiting.push({ resolve, reject });
            if (this.hasEnded) return this.#fail();
            this.#hold(true);
            return this.child.stdin.write(text);
        });
    }

    end() {
        this.child.stdin.end();
    }
}
