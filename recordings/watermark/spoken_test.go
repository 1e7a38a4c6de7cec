package watermark

import (
	"bytes"
	"os/exec"
	"testing"

	"hotline/audio"
)

// What a counsellor and a caller may say, half a minute each when it is read aloud.
const (
	counsellorSays = "您好，这里是心理援助热线，我是今晚的咨询员。谢谢您愿意打来。您现在是一个人吗？身边安全吗？我想先听听您今天发生了什么。" +
		"您慢慢说，不着急，我会一直在。刚才您提到好几个晚上睡不着，心里一直很难受，这种感觉大概有多久了？有没有想过伤害自己？" +
		"谢谢您告诉我这些，这很不容易。我们一起想想，今天晚上怎样能让您安全一些。家里的药能不能先请家人收起来？明天早上谁可以陪您？"
	callerSays = "我也不知道从哪里说起。这两个星期我每天都睡不好，工作也没有了，跟家里人一说话就吵架。昨天夜里我坐在窗户旁边，想了很多很多。" +
		"我妈妈不知道这些，她身体不好，我不想让她担心。有时候觉得没有人需要我，活着很累。今天下午我给一个老朋友打了电话，他没有接。" +
		"药在抽屉里，我可以让我姐姐来拿走，她住得不远。其实说出来以后，好像没有那么堵了。谢谢你听我说这么久。"
)

// spoken is a text as a telephone brings it. The machine's voice has what the mark must live with: vowels, sibilants, and stops of silence.
func spoken(t *testing.T, text string, voice ...string) []int16 {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "espeak-ng", append(append([]string{"-v", "cmn"}, voice...), "--stdout", text)...)
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("espeak-ng (deploy/install.sh brings it): %v", err)
	}
	clip, err := audio.ReadWAV(bytes.NewReader(out))
	if err != nil {
		t.Fatal(err)
	}
	return again(audio.PCMA, audio.Resample(clip.Mono(), clip.Rate, Rate))
}

// again is sound that went through a telephone line.
func again(line audio.Codec, pcm []int16) []int16 {
	return line.Decode(nil, line.Encode(nil, pcm))
}

// dialogue is forty seconds of a talk: one side speaks while the other is silent, turn by turn of four seconds.
func dialogue(t *testing.T) (left, right []int16) {
	t.Helper()
	l, r := spoken(t, counsellorSays), spoken(t, callerSays, "-p", "70", "-s", "150")
	const turn = 4 * Rate
	for n := range 5 {
		still := make([]int16, turn)
		left = append(append(left, l[n*turn:(n+1)*turn]...), still...)
		right = append(append(right, still...), r[n*turn:(n+1)*turn]...)
	}
	return left, right
}

// In Mandarin that is spoken turn by turn, the mark is found as surely, and after another telephone line of either law.
func TestTheMarkOutlastsSpokenWords(t *testing.T) {
	l, r := dialogue(t)
	ml, mr := marked(t, l, r, seedOf(1))
	twenty := 20 * Rate
	for name, sound := range map[string][][]int16{
		"as it was made": {ml, mr}, "twenty seconds of it": {ml[12_345 : 12_345+twenty], mr[12_345 : 12_345+twenty]},
		"by a line of A-law": {again(audio.PCMA, ml), again(audio.PCMA, mr)}, "by a line of µ-law": {again(audio.PCMU, ml), again(audio.PCMU, mr)},
	} {
		s := Look(sound)
		score := s.ScorePieces(seedOf(1))
		t.Logf("%s, %d s: %.1f", name, len(sound[0])/Rate, score)
		if score < Certain {
			t.Errorf("%s: %.1f", name, score)
		}
		for n := byte(2); n < 5; n++ {
			if score := s.ScorePieces(seedOf(n)); score >= Certain-1 {
				t.Errorf("%s: a mark that is not there: %.1f", name, score)
			}
		}
	}
}
