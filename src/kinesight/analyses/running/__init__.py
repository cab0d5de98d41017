"""Running form from one clip: joint angles at foot strike, timing, scores, style."""
