import java.util.*;

public class Main {
    public static void main(String[] args) {
        String text = new Scanner(System.in).next();
        int count = 1;
        for (int i = 0; i < text.length(); i++) {
            if (text.charAt(i) == text.charAt(i + 1)) {
                count++;
            } else {
                System.out.println(text.charAt(i) + " " + count);
                count = 1;
            }
        }
    }
}
