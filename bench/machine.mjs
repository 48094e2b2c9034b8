// SPDX-License-Identifier: Apache-2.0
// What is measured on: the machine, processes that are pinned to its CPUs, their time and memory.
import { execFileSync, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync, readdirSync } from 'node:fs';
import os from 'node:os';

const TICKS = 100; // a second, in /proc (USER_HZ)

const isGone = (error) => error.code === 'ENOENT' || error.code === 'ESRCH';

function readProc(pid, file) {
    try {
        return readFileSync(`/proc/${pid}/${file}`, 'utf8');
    } catch (error) {
        if (isGone(error)) return '';
        throw error;
    }
}

// state, ppid, … utime, stime, … as proc(5) numbers them from 3 on
const statOf = (pid) => readProc(pid, 'stat').split(') ').pop().split(' ');

const ticks = (fields) => fields.reduce((sum, n) => sum + Number(n), 0);

// User and system, of a process and those of its children that have ended.
const cpuSeconds = (pid) => ticks(statOf(pid).slice(11, 15)) / TICKS;
// Of what this process has started and seen end.
export const cpuSecondsOfEnded = () => ticks(statOf('self').slice(13, 15)) / TICKS;

function treeOf(pid) {
    const all = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
    const parents = new Map(all.map((each) => [Number(each), Number(statOf(each)[1])]));
    const isBelow = (each) => each === pid || (each > 1 && isBelow(parents.get(each) ?? 0));
    return [...parents.keys()].filter(isBelow).sort((a, b) => a - b);
}

const bytesIn = (text, name) =>
    1024 * Number(new RegExp(`^${name}: +(\\d+)`, 'm').exec(text)?.[1] ?? 0);

export class Server {
    static #all = new Set();

    // A process and what it starts, on these CPUs, its output in a file.
    constructor(command, args, { cpus, cwd, env, log }) {
        this.log = log;
        const out = openSync(log, 'a');
        this.process = spawn('taskset', ['-c', cpus.join(), command, ...args], {
            cwd,
            env: { ...process.env, ...env },
            stdio: ['ignore', out, out],
            detached: true, // a group of its own, so that all of it can be ended
        });
        closeSync(out);
        this.pid = this.process.pid;
        this.ended = new Promise((resolve) => this.process.once('exit', resolve));
        Server.#all.add(this);
    }

    cpuSeconds() {
        return treeOf(this.pid).reduce((sum, pid) => sum + cpuSeconds(pid), 0);
    }

    // {resident: of the first process all, of those that it started what they share with
    //  nobody; own: without the pages of libraries that others use, too}
    memory() {
        const [first, ...others] = treeOf(this.pid).map((pid) => readProc(pid, 'smaps_rollup'));
        const own = (text) => bytesIn(text, 'Private_Clean') + bytesIn(text, 'Private_Dirty');
        const below = others.reduce((sum, text) => sum + own(text), 0);
        return { resident: below + bytesIn(first, 'Rss'), own: below + own(first) };
    }

    async stop() {
        this.#kill('SIGTERM');
        const timer = setTimeout(() => this.#kill('SIGKILL'), 10000);
        await this.ended;
        clearTimeout(timer);
        this.#kill('SIGKILL');
        Server.#all.delete(this);
    }

    #kill(signal) {
        try {
            process.kill(-this.pid, signal);
        } catch (error) {
            if (!isGone(error)) throw error;
        }
    }

    static async stopAll() {
        await Promise.all([...Server.#all].map((server) => server.stop()));
    }
}

export const firstLine = (command, ...args) =>
    execFileSync(command, args, { encoding: 'utf8' }).split('\n')[0].trim();

// The CPUs that this process may use: 0-1,4 → [0, 1, 4]
export function allowedCpus() {
    const [, list] = /^Cpus_allowed_list:\s*(\S+)/m.exec(readProc('self', 'status'));
    return list.split(',').flatMap((part) => {
        const [from, to = from] = part.split('-').map(Number);
        return Array.from({ length: to - from + 1 }, (_, i) => from + i);
    });
}

export const pinSelf = (cpu) =>
    firstLine('taskset', '-a', '-p', '-c', String(cpu), String(process.pid));

export function describeMachine() {
    const release = /^PRETTY_NAME="(.*)"/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1];
    return {
        cpu: os.cpus()[0].model.trim(),
        cpus: allowedCpus().length,
        memory_gib: Math.round(os.totalmem() / 2 ** 30),
        kernel: os.release(),
        system: release ?? os.type(),
        load_before: os.loadavg()[0],
    };
}
