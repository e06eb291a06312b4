#!/bin/sh
# Makes demo/speech: what callers say in the tests and the demo, as raw 8 kHz mu-law with an index.
# Needs espeak-ng (with its library), sox and python3:  apt-get install espeak-ng sox python3
# The word times are espeak's own marks. Speech starts at the first and ends after the last sample whose magnitude is at
# least VOICED_LEVEL, the rule of demo/audio.ts; everything outside is written as exact silence.
set -eu
cd "$(dirname "$0")/../demo/speech"
rm -f -- *.ulaw index.json
exec python3 - <<'PYTHON'
import ctypes, ctypes.util, json, re, subprocess

VOICED_LEVEL = 512
RATE = 8000
LEAD_SAMPLES = 800  # silence on both sides
FRAME = 160         # 20 ms, a Media Streams frame

UTTERANCES = [
    ('booking-request', 'en-us+f3', 'Hi, I would like to book a table for two tomorrow evening.'),
    ('booking-time', 'en-us+f3', "At seven o'clock, please."),
    ('booking-thanks', 'en-us+f3', 'That is great, thank you and goodbye.'),
    ('menu-question', 'en-us+m3', 'Could you tell me about your menu?'),
    ('menu-barge-in', 'en-us+m3', 'Sorry, only the vegetarian dishes please.'),
    ('menu-thanks', 'en-us+m3', 'Lovely, thanks a lot, goodbye.'),
    ('hours-question', 'en-us+f2', 'What time do you close on Sunday?'),
    ('table-question', 'en-us+f2', 'Do you have a table for two at seven?'),
    ('hours-thanks', 'en-us+f2', 'Perfect, thanks for your help, goodbye.'),
    ('voicemail-greeting', 'en-us+m7', 'You have reached Anna Miller, please leave a message after the tone.'),
]

class EventId(ctypes.Union):
    _fields_ = [('number', ctypes.c_int), ('name', ctypes.c_char_p), ('string', ctypes.c_char * 8)]

class Event(ctypes.Structure):
    _fields_ = [('type', ctypes.c_int), ('unique', ctypes.c_uint), ('text_position', ctypes.c_int), ('length', ctypes.c_int),
                ('audio_position', ctypes.c_int), ('sample', ctypes.c_int), ('user_data', ctypes.c_void_p), ('id', EventId)]

espeak = ctypes.CDLL(ctypes.util.find_library('espeak-ng') or 'libespeak-ng.so.1')
SYNCHRONOUS, WORD, UTF8 = 2, 1, 1
rate = espeak.espeak_Initialize(SYNCHRONOUS, 0, None, 0)
samples, words = bytearray(), []
CALLBACK = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(Event))

def on_audio(wav, count, events):
    if wav and count:
        samples.extend(ctypes.string_at(wav, count * 2))
    i = 0
    while events[i].type != 0:
        if events[i].type == WORD:
            words.append((events[i].text_position - 1, events[i].length, events[i].audio_position / 1000))
        i += 1
    return 0

callback = CALLBACK(on_audio)
espeak.espeak_SetSynthCallback(callback)
espeak.espeak_SetParameter(1, 175, 0)  # words a minute

def decode(byte):
    byte = ~byte & 0xFF
    magnitude = (((byte & 0x0F) << 3) + 0x84 << ((byte & 0x70) >> 4)) - 0x84
    return -magnitude if byte & 0x80 else magnitude

def speak(name, voice, text):
    samples.clear(); words.clear()
    espeak.espeak_SetVoiceByName(voice.encode())
    data = text.encode()
    espeak.espeak_Synth(data, len(data) + 1, 0, 1, 0, UTF8, None, None)
    espeak.espeak_Synchronize()
    sox = ['sox', '-D', '-t', 'raw', '-r', str(rate), '-e', 'signed', '-b', '16', '-c', '1', '-',
           '-t', 'raw', '-r', str(RATE), '-e', 'mu-law', '-b', '8', '-c', '1', '-']
    audio = subprocess.run(sox, input=bytes(samples), stdout=subprocess.PIPE, check=True).stdout
    voiced = [i for i, b in enumerate(audio) if abs(decode(b)) >= VOICED_LEVEL]
    first, last = voiced[0], voiced[-1] + 1
    gap = max(b - a for a, b in zip(voiced, voiced[1:])) / RATE
    body = audio[first:last]
    tail = LEAD_SAMPLES + -(len(body) + 2 * LEAD_SAMPLES) % FRAME
    with open(f'{name}.ulaw', 'wb') as file:
        file.write(b'\xff' * LEAD_SAMPLES + body + b'\xff' * tail)
    start, end = LEAD_SAMPLES / RATE, (LEAD_SAMPLES + len(body)) / RATE
    clamp = lambda t: round(min(max(t - first / RATE + start, start), end), 4)
    timed = []
    for match in re.finditer(r'\S+', text):
        at = [clamp(t) for position, _, t in words if match.start() <= position < match.end()]
        timed.append({'word': match.group(), 'start': min(at)})  # a word without a mark stops the script here
    timed[0]['start'] = start
    for word, following in zip(timed, timed[1:] + [{'start': end}]):
        # A word ends with its last voiced sample, so that a pause belongs to no word.
        within = [i for i in voiced if word['start'] <= (i - first) / RATE + start < following['start']]
        word['end'] = round((within[-1] + 1 - first) / RATE + start, 6)
    assert all(w['start'] < w['end'] for w in timed) and timed[-1]['end'] == end, timed
    print(f'{name}: {end - start:.2f} s of speech, longest pause {gap * 1000:.0f} ms')
    return {'name': name, 'file': f'{name}.ulaw', 'text': text, 'speechStartSeconds': start, 'speechEndSeconds': end, 'words': timed}

index = {'encoding': 'mulaw', 'sampleRate': RATE, 'voicedLevel': VOICED_LEVEL, 'utterances': [speak(*u) for u in UTTERANCES]}
with open('index.json', 'w') as file:
    json.dump(index, file, indent=2); file.write('\n')
PYTHON
