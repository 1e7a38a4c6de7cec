// What waits on each page, by its name: a number beside it, marked where somebody must come at once or something is late.
import { computed } from 'vue';
import type { Console } from '../session/console';

export function useBadges(console: Console) {
  return computed(() => {
    const d = console.desk.value.duties;
    const open = console.self.value?.incidents ?? [];
    return {
      incidents: { n: open.length, alarm: open.some((row) => row.supervisor === '') },
      tasks: {
        n: d.due + Math.max(d.followups, d.followups_late) + d.referrals + d.handovers + d.handovers_late,
        alarm: d.red + d.followups_late + d.handovers_late > 0,
      },
      blocks: { n: console.me.value?.role === 'supervisor' ? d.proposals : 0, alarm: false },
      files: { n: d.reports + d.reveals, alarm: d.overdue > 0 },
      shift: { n: d.debriefs, alarm: false },
      training: { n: d.barred, alarm: false },
      recordings: { n: d.reviews + d.reviews_unread, alarm: d.reviews_late > 0 },
    };
  });
}
