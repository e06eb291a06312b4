#!/bin/sh
# Makes test/fixtures/acoustics: recordings of calls in several codecs, with what is true of them in truth.json.
# Needs espeak-ng, sox, opusenc and python3:  apt-get install espeak-ng sox opus-tools python3
# Words begin with the first and end after the last sample whose magnitude is at least VOICED_LEVEL, as in demo/speech; everything
# outside is silent. Noise and echo are laid over that, so that the truth does not depend on them.
set -eu
cd "$(dirname "$0")/../test/fixtures/acoustics"
rm -f -- *.wav *.ogg truth.json
exec python3 - <<'PYTHON'
import json, random, struct, subprocess

RATE = 8000
VOICED_LEVEL = 512
CALLER, AGENT = 'en-us+f3', 'en-us+m3'

def run(command, data=b''):
    return subprocess.run(command, input=data, stdout=subprocess.PIPE, check=True).stdout

spoken = {}

def speak(voice, text):
    if (voice, text) not in spoken:
        wav = run(['espeak-ng', '-v', voice, '-s', '175', '--stdout', text])
        raw = run(['sox', '-D', '-t', 'wav', '--ignore-length', '-', '-t', 'raw', '-r', str(RATE), '-e', 'signed', '-b', '16', '-c', '1', '-'], wav)
        samples = list(struct.unpack(f'<{len(raw) // 2}h', raw))
        voiced = [i for i, s in enumerate(samples) if abs(s) >= VOICED_LEVEL]
        spoken[voice, text] = samples[voiced[0]:voiced[-1] + 1]
    return spoken[voice, text]

class Scene:
    """A call on two lanes. Times are seconds from its first sample."""
    def __init__(self, name, codec, seconds, offset=0.0):
        self.name, self.codec, self.offset = name, codec, offset
        self.lanes = [[0] * int(seconds * RATE), [0] * int(seconds * RATE)]
        self.turns, self.greeting = [], None

    def lay(self, lane, at, samples):
        first = round(at * RATE)
        for i, s in enumerate(samples):
            if first + i < len(self.lanes[lane]):
                self.lanes[lane][first + i] += s
        return first / RATE, min(first + len(samples), len(self.lanes[lane])) / RATE

    def user(self, at, text):
        return self.lay(0, at, speak(CALLER, text))

    def agent(self, at, text, until=None):
        samples = speak(AGENT, text)
        if until is not None:
            samples = samples[:round((until - at) * RATE)]
        start, end = self.lay(1, at, samples)
        self.greeting = self.greeting or [start, end]
        return start, end

    def turn(self, user, agent, reason=None, ended=0.0, started=0.0, until=None, heard_from=None):
        """ended, started: how far off the journal has it. until, heard_from: where what is heard is not the user's words or the answer."""
        told = (user[1] + ended, agent[0] + started)
        heard = (until or user[1], heard_from or agent[0])
        self.turns.append({
            'speech_started': user[0], 'speech_ended': told[0], 'playback_started': told[1], 'playback_ended': agent[1],
            'eou_latency': told[1] - told[0], 'heard': heard[1] - heard[0], 'reason': reason,
        })

    def noise(self, lane, rms, seed):
        """Noise as of a street: more of it below than above."""
        chance, low = random.Random(seed), 0.0
        for i in range(len(self.lanes[lane])):
            low = 0.7 * low + chance.gauss(0, rms * 0.714)
            self.lanes[lane][i] += round(low)

    def burst(self, at, seconds, rms, seed):
        chance = random.Random(seed)
        return self.lay(0, at, [round(chance.gauss(0, rms)) for _ in range(round(seconds * RATE))])

    def echo(self, decibels, seconds):
        gain, late = 10 ** (decibels / 20), round(seconds * RATE)
        agent = self.lanes[1]
        for i in range(late, len(agent)):
            self.lanes[0][i] += round(agent[i - late] * gain)

    def write(self):
        clip = lambda s: max(-32768, min(32767, s))
        raw = b''.join(struct.pack('<2h', clip(a), clip(b)) for a, b in zip(*self.lanes))
        source = ['-t', 'raw', '-r', str(RATE), '-e', 'signed', '-b', '16', '-c', '2', '-']
        if self.codec == 'opus':
            file = f'{self.name}.ogg'
            wav = run(['sox', '-D', '-V1', *source, '-t', 'wav', '-'], raw)
            # At this rate each packet is one of voice; the serial makes the file the same each time.
            opus = ['opusenc', '--quiet', '--ignorelength', '--bitrate', '28', '--serial', '1', '--discard-comments', '--padding', '0', '-', '-']
            with open(file, 'wb') as out:
                out.write(run(opus, wav))
        else:
            file = f'{self.name}.wav'
            coding = {'mulaw': ['-e', 'mu-law', '-b', '8'], 'alaw': ['-e', 'a-law', '-b', '8'], 's16': ['-e', 'signed', '-b', '16']}
            run(['sox', '-D', *source, *coding[self.codec], file], raw)
        rounded = lambda value: round(value, 6) if isinstance(value, float) else value
        return {
            'name': self.name, 'file': file, 'codec': self.codec, 'seconds': len(self.lanes[0]) / RATE, 'offset': self.offset,
            'greeting': [rounded(t) for t in self.greeting],
            'turns': [{key: rounded(value) for key, value in turn.items()} for turn in self.turns],
        }

def plain(name, codec, seconds=5.5, **options):
    scene = Scene(name, codec, seconds, **options)
    scene.agent(0.2, 'Good day.')
    user = scene.user(1.3, 'A table for two.')
    scene.turn(user, scene.agent(user[1] + 0.62, 'What day?'))
    user = scene.user(4.1, 'On Sunday.')
    scene.turn(user, scene.agent(user[1] + 0.41, 'Done.'))
    return scene

scenes = [plain('plain', 'mulaw', offset=2.0)]

scene = plain('noise', 'alaw', offset=-0.5)
scene.noise(0, 160, 1)
scenes.append(scene)

scene = plain('echo', 's16')
scene.echo(-20, 0.14)
scenes.append(scene)

scene = plain('street', 'opus')
scene.noise(0, 400, 2)
scene.noise(1, 40, 3)
scene.echo(-24, 0.2)
scenes.append(scene)

# The user talks over the greeting, which is cut; then the agent falls into the user's words.
scene = Scene('barge-in', 'opus', 9.5, 1.0)
greeting_until = 1.75
scene.agent(0.2, 'Good day, this is the restaurant. How can I help you today?', greeting_until)
user = scene.user(1.4, 'Only the menu, please.')
scene.turn(user, scene.agent(user[1] + 0.55, 'Here it is.'))
user = scene.user(5.2, 'And a table for two on Sunday.')
scene.turn(user, scene.agent(user[1] - 0.5, 'On which day?'), 'spoke_over', ended=-0.9)
scenes.append(scene)

# The journal is wrong, each turn in a way of its own.
scene = Scene('journal', 'opus', 23.0)
scene.agent(0.2, 'Good day.')
user = scene.user(1.4, 'A table for two.')
scene.turn(user, scene.agent(user[1] + 0.8, 'What day?'), 'heard_later', started=-0.25)
user = scene.user(5.0, 'On Sunday.')
scene.turn(user, scene.agent(user[1] + 0.7, 'Done.'), 'ended_sooner', ended=0.3)
user = scene.user(8.4, 'What is on the menu?')
cough = scene.burst(user[1] + 0.35, 0.2, 2500, 4)
scene.turn(user, scene.agent(user[1] + 1.1, 'Fish.'), 'sound_after_words', until=cough[1])
user = scene.user(12.4, 'Is it fresh?')
filler = scene.agent(user[1] + 0.5, 'Well,')
scene.turn(user, scene.agent(filler[1] + 0.5, 'yes.'), 'heard_sooner', heard_from=filler[0])
user = scene.user(16.6, 'Thank you very much')
more = scene.user(user[1] + 0.1, 'indeed.')
scene.turn(user, scene.agent(more[1] + 0.6, 'Goodbye.'), 'user_went_on', until=more[1])
scenes.append(scene)

made = [scene.write() for scene in scenes]
with open('truth.json', 'w') as file:
    json.dump({'voicedLevel': VOICED_LEVEL, 'scenes': made}, file, indent=2); file.write('\n')
PYTHON
