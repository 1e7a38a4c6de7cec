// The counsellor's microphone. `track` goes to the caller and is what muting switches; `stream` feeds the meter, also while muted.

export type MicFault = 'denied' | 'missing' | 'busy' | 'insecure' | 'unplugged' | 'failed';

export class MicError extends Error {
  constructor(readonly fault: MicFault) {
    super(fault);
    this.name = 'MicError';
  }
}

export interface Choice {
  /** Empty: the system's default. */
  readonly device: string;
  /** Echo cancellation, noise suppression and gain control by the browser. */
  readonly processing: boolean;
}

export interface Device {
  readonly id: string;
  readonly label: string;
}

export class Microphone {
  readonly track: MediaStreamTrack;
  readonly device: string;

  private constructor(
    readonly stream: MediaStream,
    onEnded: () => void,
  ) {
    const source = stream.getAudioTracks()[0];
    if (!source) throw new MicError('missing');
    this.track = source.clone();
    this.device = source.getSettings().deviceId ?? '';
    source.addEventListener('ended', onEnded, { once: true });
  }

  /** Asks for the device of the choice; when that one is gone, for the default. Throws MicError. */
  static async open(choice: Choice, onEnded: () => void): Promise<Microphone> {
    // Outside https and localhost browsers hide the whole interface.
    if (!window.isSecureContext || !('mediaDevices' in navigator)) throw new MicError('insecure');
    try {
      return new Microphone(await capture(choice), onEnded);
    } catch (error) {
      if (choice.device !== '' && isNamed(error, 'OverconstrainedError', 'NotFoundError')) {
        return Microphone.open({ ...choice, device: '' }, onEnded);
      }
      throw error instanceof MicError ? error : new MicError(faultOf(error));
    }
  }

  close(): void {
    this.track.stop();
    for (const track of this.stream.getTracks()) track.stop();
  }
}

function capture(choice: Choice): Promise<MediaStream> {
  return navigator.mediaDevices.getUserMedia({
    audio: {
      ...(choice.device === '' ? {} : { deviceId: { exact: choice.device } }),
      channelCount: 1,
      echoCancellation: choice.processing,
      noiseSuppression: choice.processing,
      autoGainControl: choice.processing,
    },
  });
}

function isNamed(error: unknown, ...names: string[]): boolean {
  return error instanceof Error && names.includes(error.name);
}

function faultOf(error: unknown): MicFault {
  if (isNamed(error, 'NotAllowedError', 'SecurityError')) return 'denied';
  if (isNamed(error, 'NotFoundError', 'OverconstrainedError')) return 'missing';
  if (isNamed(error, 'NotReadableError', 'AbortError')) return 'busy';
  return 'failed';
}

/** The microphones of the machine. Labels are empty until the person has allowed one. */
export async function listMicrophones(): Promise<Device[]> {
  if (!('mediaDevices' in navigator)) return [];
  const all = await navigator.mediaDevices.enumerateDevices();
  return all
    .filter((device) => device.kind === 'audioinput' && device.deviceId !== '')
    .map((device) => ({ id: device.deviceId, label: device.label }));
}

export function watchDevices(onChange: () => void): void {
  if ('mediaDevices' in navigator) navigator.mediaDevices.addEventListener('devicechange', onChange);
}
